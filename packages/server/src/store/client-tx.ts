/** Variables, values of the server's own, and inputs of runs: what Prefect's clients keep beside their runs. */
import type { Json, Variable } from '@pilotflame/core'
import { toJson, toRunInput, toVariable } from './rows.ts'
import { upsert } from './statements.ts'
import type { RunInput } from './store.ts'
import { TxBase } from './tx-base.ts'

const SAVE_VARIABLE = upsert('variable', ['id'], ['name', 'value', 'tags', 'created_at', 'updated_at'])
const SAVE_CONFIGURATION = upsert('configuration', ['name'], ['value'])
const INSERT_RUN_INPUT = 'insert into run_input (flow_run_id, key, value, sender, created_at) values (?,?,?,?,?)'

export class ClientTx extends TxBase {
  // Variables, and values of the server's own

  async findVariable(id: string): Promise<Variable | undefined> {
    return this.find(toVariable, 'select * from variable where id = ?', id)
  }

  async findVariableByName(name: string): Promise<Variable | undefined> {
    return this.find(toVariable, 'select * from variable where name = ?', name)
  }

  saveVariable({ id, name, value, tags, createdAt, updatedAt }: Variable): void {
    this.write(SAVE_VARIABLE, id, name, toJson(value), toJson(tags), createdAt, updatedAt)
  }

  deleteVariable(id: string): void {
    this.write('delete from variable where id = ?', id)
  }

  async findConfiguration(name: string): Promise<Json | undefined> {
    return this.find((row) => JSON.parse(row.value as string) as Json, 'select value from configuration where name = ?', name)
  }

  saveConfiguration(name: string, value: Json): void {
    this.write(SAVE_CONFIGURATION, name, toJson(value))
  }

  deleteConfiguration(name: string): void {
    this.write('delete from configuration where name = ?', name)
  }

  // Inputs of runs

  async insertRunInput(input: RunInput): Promise<boolean> {
    if (await this.findRunInput(input.flowRunId, input.key)) return false
    const { flowRunId, key, value, sender, createdAt } = input
    this.write(INSERT_RUN_INPUT, flowRunId, key, value, sender, createdAt)
    return true
  }

  async findRunInput(flowRunId: string, key: string): Promise<RunInput | undefined> {
    return this.find(toRunInput, 'select * from run_input where flow_run_id = ? and key = ?', flowRunId, key)
  }

  async findRunInputs(flowRunId: string): Promise<readonly RunInput[]> {
    return this.all(toRunInput, 'select * from run_input where flow_run_id = ? order by created_at, key', flowRunId)
  }

  deleteRunInput(flowRunId: string, key: string): void {
    this.write('delete from run_input where flow_run_id = ? and key = ?', flowRunId, key)
  }
}
