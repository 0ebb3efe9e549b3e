import { described, Nullable, Timestamp, Type, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "projects";
/** Characters. More than a first message may have, so that a text that is too long is kept, too. */
export const maxDraftLength = 50_000;

export const ProjectDraft = described(
  "The prompt of a project that you have not created yet.",
  Type.Object({
    text: Type.String({ minLength: 1, maxLength: maxDraftLength, pattern: "\\S" }),
    base_id: described("Slug of the chosen template; null: the default", Nullable(Type.String({ minLength: 1, maxLength: 100 }))),
    is_submitted: described(
      "You wanted to build it while no model was connected. The web UI creates the project as soon as one is",
      Type.Boolean(),
    ),
    updated_at: Timestamp,
  }),
);
export type ProjectDraft = Static<typeof ProjectDraft>;

export const KeptProjectDraft = Type.Object({ draft: Nullable(ProjectDraft) });

export const projectDraftsRoutes = {
  get: route({
    method: "GET",
    path: "/api/project-draft",
    tag,
    summary: "Get project draft",
    description: "The prompt that you wrote but did not build yet; null without one.",
    auth: "user",
    keys: false,
    response: KeptProjectDraft,
  }),
  save: route({
    method: "PUT",
    path: "/api/project-draft",
    tag,
    summary: "Save project draft",
    description:
      "Replaces your draft; null deletes it. Creating a project with the draft's text as its `message` deletes it, too. It is the same in every browser.",
    auth: "user",
    keys: false,
    body: Type.Object({ draft: Nullable(Type.Omit(ProjectDraft, ["updated_at"])) }),
    response: KeptProjectDraft,
  }),
};
