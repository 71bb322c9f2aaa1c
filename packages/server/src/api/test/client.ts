/** What Prefect's clients ask of the server, in a few words for tests. */
import { type Answer, startHttp, type TestHttp } from './start.ts'

export interface TestClient extends TestHttp {
  post(path: string, body?: unknown): Promise<Answer>
  patch(path: string, body: unknown): Promise<Answer>
  get(path: string): Promise<Answer>
  /** A new flow's id. */
  flow(name?: string): Promise<string>
  /** A new run of a flow, as the client creates it. */
  run(fields?: Record<string, unknown>): Promise<Answer['json']>
  /** Proposes a state of a flow run. */
  propose(runId: string, state: string | Record<string, unknown>, more?: Record<string, unknown>): Promise<Answer>
}

export async function startClient(): Promise<TestClient> {
  const http = await startHttp()
  const post = (path: string, body: unknown = {}): Promise<Answer> => http.ask('POST', `/api${path}`, { body })
  const flow = async (name = 'answer'): Promise<string> => (await post('/flows/', { name })).json.id
  return {
    ...http,
    post,
    patch: (path, body) => http.ask('PATCH', `/api${path}`, { body }),
    get: (path) => http.ask('GET', `/api${path}`),
    flow,
    async run(fields = {}) {
      const { status, json } = await post('/flow_runs/', { flow_id: await flow(), state: { type: 'PENDING' }, ...fields })
      if (status !== 201) throw new Error(`the run was not created: ${status} ${JSON.stringify(json)}`)
      return json
    },
    propose: (runId, state, more = {}) =>
      post(`/flow_runs/${runId}/set_state`, { state: typeof state === 'string' ? { type: state } : state, ...more }),
  }
}
