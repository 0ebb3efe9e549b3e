import { chatRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { Chats } from "./chats.service.ts";
import type { Rewinds } from "./rewinds.service.ts";
import type { Transcripts } from "./transcripts.service.ts";

const { history, sessions, createSession, get, update, remove, fork, clear, restore, redo, transcript } = chatRoutes;

/** Chats and their messages; the other chat routes belong to runs. */
export function mountChats(
  mount: Mount,
  { chats, rewinds, transcripts }: { chats: Chats; rewinds: Rewinds; transcripts: Transcripts },
): void {
  mount(
    "chat",
    { history, sessions, createSession, get, update, remove, fork, clear, restore, redo, transcript },
    {
      history: ({ user }, { params, query }) => chats.history(user.id, params.project_id, query),
      sessions: ({ user }, { query }) => chats.list(user.id, query),
      createSession: ({ user }, { body }) => chats.create(user.id, body),
      get: ({ user }, { params }) => chats.get(user.id, params.chat_id),
      update: ({ user }, { params, body }) => chats.update(user.id, params.chat_id, body),
      remove: ({ user }, { params }) => chats.remove(user.id, params.chat_id),
      fork: ({ user }, { params, body }) => chats.fork(user.id, params.chat_id, body),
      clear: async ({ user }, { params }) => ({ deleted_count: await chats.clear(user.id, params.chat_id) }),
      restore: ({ user }, { params, body }) => rewinds.restore(user.id, params.chat_id, body),
      transcript: ({ user }, { params, query }) => transcripts.read(user.id, params.chat_id, query),
      redo: ({ user }, { params }) => rewinds.redo(user.id, params.chat_id),
    },
  );
}
