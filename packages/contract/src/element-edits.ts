import { elementAttributes } from "./element-attributes.ts";
import { described, Literals, Nullable, ProjectRef, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "element-edits";

const AttributeName = Literals(...elementAttributes);

const Line = Type.Integer({ minimum: 1, maximum: 10_000_000 });
const position = { line: Line, column: described("In UTF-16 units, from 1", Line) };

export const ElementOrigin = described(
  "Where the page says that an element, or the component around it, was created.",
  Type.Object({
    file: described("Path in the project", Type.String({ minLength: 1, maxLength: 1024 })),
    ...position,
    hash: described(
      "Of the file's text as the page has it (`textHash`); the file must not have changed",
      Type.Optional(Type.String({ maxLength: 64 })),
    ),
    items: described(
      "Repeated elements around it that the same component created, from the inside: their positions in the file, and which of their siblings it is",
      Type.Array(Type.Object({ ...position, index: Type.Integer({ minimum: 0 }), count: Type.Integer({ minimum: 1 }) }), { maxItems: 8 }),
    ),
  }),
);
export type ElementOrigin = Static<typeof ElementOrigin>;

export const PageElement = described(
  "An element of a preview as the page reports it. Untrusted: the server edits only what it finds in the source with the same values.",
  Type.Object({
    tag: Type.String({ pattern: "^[A-Za-z][\\w:.-]{0,60}$" }),
    class_name: Type.String({ maxLength: 8000 }),
    texts: described(
      "Text nodes directly in the element that are not only white space",
      Type.Array(Type.String({ maxLength: 20_000 }), { maxItems: 50 }),
    ),
    attributes: Type.Record(Type.String({ maxLength: 20 }), Type.String({ maxLength: 8000 }), { maxProperties: elementAttributes.length }),
    directory: described("The folder of the container that serves the page; `.` is the project's root", Type.String({ maxLength: 1024 })),
    is_component: described("The first origin is a component of a package that rendered the element", Type.Optional(Type.Boolean())),
    origins: described(
      "From the element outwards: where it was created, then where the component around it was",
      Type.Array(ElementOrigin, { maxItems: 3 }),
    ),
    document: Type.Optional(
      Type.Object({
        path: described("The path of the page", Type.String({ maxLength: 2000 })),
        trail: described(
          "For each element from the root's child to this one: its index, and the tags of its parent's children",
          Type.Array(
            Type.Object({ index: Type.Integer({ minimum: 0 }), tags: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 500 }) }),
            {
              maxItems: 60,
            },
          ),
        ),
      }),
    ),
  }),
);
export type PageElement = Static<typeof PageElement>;

/** Why the server does not edit a part of an element. */
export const elementEditReasons = [
  "no_source",
  "not_found",
  "expression",
  "imported",
  "shared",
  "ambiguous",
  "component",
  "unsupported",
  "changed",
] as const;
export type ElementEditReason = (typeof elementEditReasons)[number];
export const ElementEditReason = described(
  "`no_source`: the page does not say where it comes from. `not_found`: the source has no such element, or another value. `expression`: code computes it. `imported`: it comes from another module. `shared`: it is used in several places. `ambiguous`: several places could have produced it. `component`: more than one component passes it on. `unsupported`: the language of the file. `changed`: the file has changed since the page loaded it",
  Literals(...elementEditReasons),
);

const part = {
  reason: described("Null: it can be edited", Nullable(ElementEditReason)),
  path: described("The file that an edit changes", Nullable(Type.String())),
  line: Nullable(Type.Integer()),
};
export const ElementPart = Type.Object(part);
export type ElementPart = Static<typeof ElementPart>;

export const InspectedElement = described(
  "What of an element can be edited, and where.",
  Type.Object({
    has_tailwind: described("The app uses Tailwind CSS: its styles are classes", Type.Boolean()),
    texts: described("In the order of the element's texts", Type.Array(Type.Object({ value: Type.String(), ...part }))),
    classes: Type.Array(Type.Object({ name: Type.String(), ...part })),
    new_class: described("Where a class is added", ElementPart),
    attributes: Type.Array(Type.Object({ name: AttributeName, value: Type.String(), ...part })),
  }),
);
export type InspectedElement = Static<typeof InspectedElement>;

const ClassName = Type.String({ minLength: 1, maxLength: 300, pattern: "^[^\\s]+$" });
export const ElementChange = Type.Union([
  Type.Object({
    type: Type.Literal("text"),
    index: described("Of the element's `texts`", Type.Integer({ minimum: 0, maximum: 49 })),
    value: described("Shown text: runs of white space count as one space", Type.String({ maxLength: 10_000, pattern: "\\S" })),
  }),
  Type.Object({
    type: Type.Literal("classes"),
    remove: Type.Array(ClassName, { maxItems: 50 }),
    add: described(
      "The first takes the place of the first removed class, and so on; others are appended",
      Type.Array(ClassName, { maxItems: 50 }),
    ),
  }),
  Type.Object({
    type: Type.Literal("attribute"),
    name: AttributeName,
    value: Type.String({ maxLength: 8000 }),
  }),
]);
export type ElementChange = Static<typeof ElementChange>;

export const ElementEdit = Type.Object({
  id: described("For `POST /api/projects/{id}/element-edits/{edit_id}/undo`. Quick edits of the same part share one", Uuid),
  path: Type.String(),
  line: Type.Integer(),
  summary: described("What was done, in the past tense", Type.String()),
});
export type ElementEdit = Static<typeof ElementEdit>;

const ProjectOnly = Type.Object({ id: ProjectRef });
const locateErrors = ["not_found", "project_busy", "payload_too_large"] as const;
const writeErrors = ["element_not_found", "element_ambiguous", "conflict", "etag_mismatch", "storage_full"] as const;

export const elementEditsRoutes = {
  inspect: route({
    method: "POST",
    path: "/api/projects/{id}/element-edits/inspect",
    tag,
    summary: "Inspect element",
    description:
      "Finds an element of the preview in the source and says which of its texts, classes and attributes can be edited. Changes nothing. JSX, TSX and HTML files up to 512 KiB.",
    auth: "user",
    params: ProjectOnly,
    body: Type.Object({ element: PageElement }),
    bodyLimit: 1024 * 1024,
    response: InspectedElement,
    errors: [...locateErrors],
  }),
  create: route({
    method: "POST",
    path: "/api/projects/{id}/element-edits",
    tag,
    summary: "Edit element",
    description:
      "Changes one part of an element in the source. It is written only if the source has exactly one place for it, with the value that the page shows, and still parses afterwards; otherwise nothing changes: 404 `element_not_found`, 409 `element_ambiguous` (both with `details.reason`), or 409 `conflict` if the file has changed since the page loaded it. Edits of the same part within 10 seconds are one edit with one undo.",
    auth: "user",
    status: 201,
    params: ProjectOnly,
    body: Type.Object({ element: PageElement, change: ElementChange }),
    bodyLimit: 1024 * 1024,
    response: Type.Object({ edit: ElementEdit, element: described("The element as it is now, for the next edit", PageElement) }),
    errors: [...locateErrors, ...writeErrors],
  }),
  undo: route({
    method: "POST",
    path: "/api/projects/{id}/element-edits/{edit_id}/undo",
    tag,
    summary: "Undo element edit",
    description:
      "Restores the text that an edit replaced. It is an edit too: undoing it repeats the first one. 409 `conflict` if the file has changed since.",
    auth: "user",
    status: 201,
    params: Type.Object({ id: ProjectRef, edit_id: Uuid }),
    response: Type.Object({ edit: ElementEdit }),
    errors: [...locateErrors, "conflict", "etag_mismatch", "storage_full"],
  }),
};

/** A hash of a file's text (FNV-1a, 32 bits, and the length), to detect that it has changed. Not for security: pages compute it too. */
export function textHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return `${(hash >>> 0).toString(16)}-${text.length.toString(16)}`;
}
