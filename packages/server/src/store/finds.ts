/** Point reads by key that more than one place needs. */
import { RUN_SELECT, STATE_SELECT, TASK_RUN_SELECT } from './rows.ts'

export const RUN_FROM = `select ${RUN_SELECT} from flow_run r join flow_run_state s on s.id = r.state_id`
export const DEPLOYMENT_FROM = 'select d.*, f.name as flow_name from deployment d join flow f on f.id = d.flow_id'

export const FIND_RUN = `${RUN_FROM} where r.id = ?`
export const FIND_DEPLOYMENT = `${DEPLOYMENT_FROM} where d.id = ?`
export const FIND_STATE = `select ${STATE_SELECT}, s.flow_run_id, s.run_count from flow_run_state s where s.id = ?`
export const TASK_RUN_FROM = `select ${TASK_RUN_SELECT} from task_run t join task_run_state s on s.id = t.state_id`
export const FIND_TASK_RUN = `${TASK_RUN_FROM} where t.id = ?`
export const FIND_TASK_STATE = `select ${STATE_SELECT}, s.task_run_id, s.run_count from task_run_state s where s.id = ?`
