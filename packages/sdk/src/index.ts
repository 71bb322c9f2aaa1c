/** What a user writes flows with. */
export {
  AppError,
  type AutomationWire,
  type DeploymentWire,
  type ErrorCode,
  type EventWire,
  type ExecutorWire,
  type Fault,
  type FlowRunWire,
  fromEvent,
  type HookWire,
  isAppError,
  type Json,
  type JsonObject,
  type LogWire,
  PAYLOAD_AS_PARAMETERS,
  type Parameters,
  type Resource,
  type StateType,
  type StateWire,
  type StreamAttemptEnd,
  type StreamChunk,
  type StreamEnd,
  type TimelineWire,
  type VerdictWire,
  type WhyWire,
} from '@pilotflame/core'
export type { CleanUp, OnStart } from './child/start-hooks.ts'
export { connect } from './client/connect.ts'
export { createTransport, type Transport } from './client/transport.ts'
export type {
  AutomationInput,
  Client,
  EventInput,
  FilterInput,
  FollowOptions,
  RunInput,
  StateInput,
} from './client/types.ts'
export { type Executor, type ExecutorOptions, type ExecutorState, type Hosted, startExecutor } from './executor/executor.ts'
export { type AnyFlow, type FlowDefinition, isFlow, type Runnable, type ServedDeployment } from './flow/definition.ts'
export { type Flow, flow } from './flow/flow.ts'
export type { DeploymentOptions, FlowOptions, ServeOptions, ServerOptions } from './flow/options.ts'
export type { ProcessOptions, WarmOptions } from './flow/process-options.ts'
export type { JsonSchema } from './flow/schema.ts'
export type { On, ResourceMatch, TriggerOptions } from './flow/triggers.ts'
export { currentRun } from './run/context.ts'
export type { LogFields, Logger, Run, RunDeployment, RunParts } from './run/run.ts'
export { type Served, serve } from './serve.ts'
export { readServerAddress, type ServerAddress } from './settings.ts'
export type { TaskOptions } from './task/options.ts'
export { type Task, type TaskOf, task } from './task/task.ts'
export { SDK_VERSION } from './version.ts'
