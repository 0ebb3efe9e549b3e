import { gitRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { GitClone } from "./clone.ts";
import type { createProposeMessage } from "./propose-message.ts";
import type { GitReading } from "./read.ts";
import type { GitRemotes } from "./remotes.ts";
import type { GitWriting } from "./write.ts";

export function mountGit(
  mount: Mount,
  {
    reading,
    writing,
    remotes,
    clone,
    proposeMessage,
  }: {
    reading: GitReading;
    writing: GitWriting;
    remotes: GitRemotes;
    clone: GitClone;
    proposeMessage: ReturnType<typeof createProposeMessage>;
  },
): void {
  mount("git", gitRoutes, {
    init: ({ user }, { body }) => remotes.init(user.id, body.project_id, body),
    clone: ({ user }, { body }) => clone.begin(user.id, body.project_id, body),
    commit: ({ user }, { body }) => remotes.commit(user.id, body.project_id, body),
    proposeMessage: ({ user }, { body }) => proposeMessage(user.id, body.project_id),
    push: ({ user }, { body }) => remotes.push(user.id, body.project_id, body),
    pull: ({ user }, { body }) => remotes.pull(user.id, body.project_id, body),
    fetch: ({ user }, { body }) => remotes.fetch(user.id, body.project_id, body),
    status: ({ user }, { params }) => reading.status(user.id, params.project_id),
    branches: ({ user }, { params, query }) => reading.branches(user.id, params.project_id, query),
    checkout: ({ user }, { body }) => writing.checkout(user.id, body.project_id, body),
    removeBranch: ({ user }, { params, query }) => writing.removeBranch(user.id, params.project_id, query),
    log: ({ user }, { params, query }) => reading.log(user.id, params.project_id, query),
    diff: ({ user }, { params, query }) => reading.diff(user.id, params.project_id, query),
    stage: ({ user }, { body }) => writing.stage(user.id, body.project_id, body),
    unstage: ({ user }, { body }) => writing.unstage(user.id, body.project_id, body),
    discard: ({ user }, { body }) => writing.discard(user.id, body.project_id, body),
    restore: ({ user }, { body }) => writing.restore(user.id, body.project_id, body),
    conflicts: ({ user }, { params, query }) => reading.conflicts(user.id, params.project_id, query),
    resolve: ({ user }, { body }) => writing.resolve(user.id, body.project_id, body),
    abortMerge: ({ user }, { body }) => writing.abortMerge(user.id, body.project_id),
    info: ({ user }, { params }) => remotes.info(user.id, params.project_id),
    updateInfo: ({ user }, { params, body }) => remotes.update(user.id, params.project_id, body),
    unlink: ({ user }, { params }) => remotes.unlink(user.id, params.project_id),
  });
}
