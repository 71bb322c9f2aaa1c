/** Wire → domain: what the listing routes ask the reader for. */
import { type BodyOf, PAGE_MAX } from '@pilotflame/core/contract'
import type { Page, RunFilter } from '../store/store.ts'

export const pageOf = ({ limit, offset }: { limit?: number | undefined; offset?: number | undefined }): Page => ({
  limit: limit ?? PAGE_MAX,
  offset: offset ?? 0,
})

export function runFilterOf({ flow_runs, flows }: BodyOf<'POST /flow_runs/count'>): RunFilter {
  const { id, name, tags, deployment_id, state } = flow_runs ?? {}
  const flowNames = flows?.name?.any_
  return {
    ...(id?.any_ ? { ids: id.any_ } : {}),
    ...(id?.suffix_ ? { idSuffix: id.suffix_ } : {}),
    ...(name?.any_ ? { names: name.any_ } : {}),
    ...(name?.like_ ? { nameLike: name.like_ } : {}),
    ...(tags?.all_ ? { tagsAll: tags.all_ } : {}),
    ...(deployment_id?.any_ ? { deploymentIds: deployment_id.any_ } : {}),
    ...(state?.type?.any_ ? { stateTypes: state.type.any_ } : {}),
    ...(state?.name?.any_ ? { stateNames: state.name.any_ } : {}),
    ...(flowNames ? { flowNames } : {}),
  }
}
