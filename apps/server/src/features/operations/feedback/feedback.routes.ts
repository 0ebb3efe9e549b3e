import { feedbackRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { actorOf } from "../../accounts/audit/index.ts";
import type { Feedback } from "./feedback.service.ts";

/** Routes of the feedback board. */
export function mountFeedback(mount: Mount, { feedback }: { feedback: Feedback }): void {
  mount("feedback", feedbackRoutes, {
    list: ({ user }, { query }) => feedback.list(user, query),
    create: ({ user }, { body }) => feedback.create(user, body),
    get: ({ user }, { params }) => feedback.get(user, params.id),
    update: (context, { params, body }) => feedback.update(context.user, actorOf(context), params.id, body),
    remove: (context, { params }) => feedback.remove(context.user, actorOf(context), params.id),
    upvote: ({ user }, { params }) => feedback.vote(user, params.id, true),
    removeUpvote: ({ user }, { params }) => feedback.vote(user, params.id, false),
    comments: ({ user }, { params, query }) => feedback.comments(user, params.id, query),
    comment: ({ user }, { params, body }) => feedback.comment(user, params.id, body.content),
    removeComment: (context, { params }) => feedback.removeComment(context.user, actorOf(context), params.id, params.comment_id),
  });
}
