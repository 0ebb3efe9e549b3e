import { randomUUID } from "node:crypto";
import { isUtf8 } from "node:buffer";
import {
  elementAttributes,
  textHash,
  type ElementChange,
  type ElementEdit,
  type ElementEditReason,
  type ElementEditRecord,
  type ElementPart,
  type InspectedElement,
  type PageElement,
} from "@tesslate/contract";
import type { Sandbox } from "@tesslate/runtime";
import { AppError, notFound } from "../../../platform/errors.ts";
import { beforeEdit, editSummary } from "../activity/index.ts";
import type { Announce, CheckpointBefore, ProjectAccess } from "../files/index.ts";
import type { ElementEditsStore } from "./element-edits.store.ts";
import { differenceOf } from "./literals.ts";
import { appliedChange, classNames, documentPaths, locate, planChange, Refusal, type Located, type Plan } from "./source-edit.ts";

/** Larger files are not parsed. */
const maxSourceBytes = 512 * 1024;
/** Edits of the same part within this time are one edit. */
const sharedMs = 10_000;
/** A stored edit keeps the text that it replaced. */
const maxKeptChars = 64 * 1024;

const sentences: Record<ElementEditReason, string> = {
  no_source: "The preview doesn't know where this element comes from. Ask the agent to change it.",
  not_found: "The source doesn't contain this value. Reload the preview, or ask the agent to change it.",
  expression: "Code computes this value. Ask the agent to change it.",
  imported: "This value is imported from another module. Ask the agent to change it.",
  shared: "This value is used in several places. Ask the agent to change it.",
  ambiguous: "Several places in the source could have produced this value. Ask the agent to change it.",
  component: "This value is passed through more than one component. Ask the agent to change it.",
  unsupported: "Visual editing supports JSX, TSX and HTML. Ask the agent to change this element.",
  changed: "The file has changed since the preview loaded it. Select the element again.",
};
const refused = (reason: ElementEditReason): AppError =>
  new AppError(
    reason === "changed" ? "conflict" : reason === "no_source" || reason === "not_found" ? "element_not_found" : "element_ambiguous",
    sentences[reason],
    { details: { reason } },
  );

interface OpenFile {
  text: string;
  etag: string;
}

export type ElementEdits = ReturnType<typeof createElementEdits>;

/** Edits elements of the preview in the source of a project. What the page reports only narrows what is found: every value is compared. */
export function createElementEdits({
  projects,
  announce,
  checkpointBefore,
  store,
}: {
  projects: ProjectAccess;
  announce: Announce;
  /** Each edit is an entry of the timeline; quick edits of the same part are one. */
  checkpointBefore: CheckpointBefore;
  store: ElementEditsStore;
}) {
  /** The files that an element can be in. Those that cannot be read are left out. */
  const read = async (tree: Sandbox["files"], paths: readonly string[]): Promise<Map<string, OpenFile>> => {
    const files = new Map<string, OpenFile>();
    for (const path of new Set(paths)) {
      if (/(?:^|\/)(?:\.git|node_modules|\.\.)(?:\/|$)/.test(path) || path.startsWith("/")) continue;
      const stat = await tree.stat(path).catch(() => undefined);
      if (!stat || stat.isDirectory) continue;
      if (stat.size > maxSourceBytes) throw new AppError("payload_too_large", "Visual editing supports files up to 512 KiB.");
      const { data, entry } = await tree.read(path, { maxBytes: maxSourceBytes });
      if (isUtf8(data)) files.set(path, { text: Buffer.from(data).toString("utf8"), etag: entry.etag });
    }
    return files;
  };
  const locateIn = (files: ReadonlyMap<string, OpenFile>, element: PageElement): Located | Refusal =>
    locate(new Map([...files].map(([path, { text }]) => [path, text])), element);

  const write = async (
    project: Awaited<ReturnType<ProjectAccess["require"]>>,
    tree: Sandbox["files"],
    { path, before, after }: { path: string; before: OpenFile; after: string },
    { element, property, undoes }: { element: string; property: string; undoes?: string },
    start: number,
  ): Promise<ElementEdit> => {
    const target = `${element} ${property} ${path}:${start}`;
    const last = undoes === undefined ? await store.latest(project.id, path) : undefined;
    const continued =
      last &&
      last.edit.undoes === undefined &&
      last.edit.target === target &&
      last.edit.hash === textHash(before.text) &&
      Date.now() - last.at.getTime() < sharedMs
        ? last
        : undefined;
    // One undo for both: it restores the text before the first.
    const original = continued ? withoutEdit(before.text, continued.edit) : before.text;
    const { start: from, end, text } = differenceOf(original, after);
    const edit: ElementEditRecord = {
      id: continued?.edit.id ?? randomUUID(),
      element,
      property,
      target,
      line: original.slice(0, from).split("\n").length,
      start: from,
      before: original.slice(from, end),
      after: text,
      hash: textHash(after),
      ...(continued && { supersedes: continued.seq }),
      ...(undoes !== undefined && { undoes }),
    };
    if (edit.before.length + edit.after.length > maxKeptChars)
      throw new AppError("payload_too_large", "This edit is too large for visual editing.");
    if (!continued) await checkpointBefore(project, beforeEdit(edit, path));
    const { entry } = await tree.write(path, Buffer.from(after, "utf8"), { ifMatch: before.etag });
    await announce(project, [{ path, op: "update", etag: entry.etag, size: entry.size, edit }]);
    return present(path, edit);
  };

  return {
    inspect: async (userId: string, ref: string, element: PageElement): Promise<InspectedElement> => {
      const project = await projects.require(userId, ref);
      const tree = (await projects.sandboxOf(project)).files;
      const files = await read(tree, pathsOf(element));
      const found = locateIn(files, element);
      const partOf = (plan: Plan | Refusal): ElementPart =>
        plan instanceof Refusal ? { reason: plan.reason, path: null, line: null } : { reason: null, path: plan.path, line: plan.line };
      const part = (change: ElementChange): ElementPart => partOf(found instanceof Refusal ? found : planChange(found, element, change));
      const attributes = elementAttributes.flatMap((name) => {
        const value = element.attributes[name];
        return value === undefined ? [] : [{ name, value, ...part({ type: "attribute", name, value }) }];
      });
      return {
        has_tailwind: await usesTailwind(tree, element.directory),
        texts: element.texts.map((value, index) => ({ value, ...part({ type: "text", index, value }) })),
        classes: classNames(element).map((name) => ({ name, ...part({ type: "classes", remove: [name], add: [] }) })),
        new_class: part({ type: "classes", remove: [], add: ["new-class"] }),
        attributes,
      };
    },
    create: async (
      userId: string,
      ref: string,
      { element, change }: { element: PageElement; change: ElementChange },
    ): Promise<{ edit: ElementEdit; element: PageElement }> => {
      const project = await projects.require(userId, ref);
      const tree = (await projects.sandboxForChange(project)).files;
      const files = await read(tree, pathsOf(element));
      const found = locateIn(files, element);
      if (found instanceof Refusal) throw refused(found.reason);
      const plan = planChange(found, element, change);
      if (plan instanceof Refusal) throw refused(plan.reason);
      const before = files.get(plan.path);
      if (!before) throw refused("not_found");
      const applied = appliedChange(found, element, change, plan);
      // The file that would be written must parse, and must have the element with the new value.
      if (applied instanceof Refusal) throw refused(applied.reason);
      if (applied.text === before.text) throw new AppError("bad_request", "The element has this value already.");
      const edit = await write(
        project,
        tree,
        { path: plan.path, before, after: applied.text },
        { element: element.tag, property: change.type === "attribute" ? change.name : change.type },
        found.start,
      );
      return { edit, element: applied.element };
    },
    undo: async (userId: string, ref: string, editId: string): Promise<{ edit: ElementEdit }> => {
      const project = await projects.require(userId, ref);
      const stored = await store.find(project.id, editId);
      if (!stored) throw notFound("Edit");
      const tree = (await projects.sandboxForChange(project)).files;
      const before = (await read(tree, [stored.path])).get(stored.path);
      if (!before || textHash(before.text) !== stored.edit.hash)
        throw new AppError("conflict", `${stored.path} has changed since this edit, so it can't be undone.`);
      const edit = await write(
        project,
        tree,
        { path: stored.path, before, after: withoutEdit(before.text, stored.edit) },
        { element: stored.edit.element, property: stored.edit.property, undoes: editId },
        stored.edit.start,
      );
      return { edit };
    },
  };
}

const withoutEdit = (text: string, { start, before, after }: ElementEditRecord): string =>
  text.slice(0, start) + before + text.slice(start + after.length);

const present = (path: string, edit: ElementEditRecord): ElementEdit => ({
  id: edit.id,
  path,
  line: edit.line,
  summary: `${editSummary(edit)} in ${path}`,
});

/** The files of an element's origins; for a page without components, those that it can be. */
function pathsOf(element: PageElement): string[] {
  return element.origins.length > 0 ? element.origins.map(({ file }) => file) : documentPaths(element);
}

/** Whether the `package.json` of the app depends on Tailwind CSS. */
async function usesTailwind(tree: Sandbox["files"], directory: string): Promise<boolean> {
  const path = directory === "." || directory === "" ? "package.json" : `${directory}/package.json`;
  try {
    const { data } = await tree.read(path, { maxBytes: maxSourceBytes });
    const manifest: unknown = JSON.parse(Buffer.from(data).toString("utf8"));
    const groups = ["dependencies", "devDependencies"] as const;
    const isManifest = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
    return isManifest(manifest) && groups.some((group) => isManifest(manifest[group]) && "tailwindcss" in manifest[group]);
  } catch {
    return false;
  }
}
