import { Type } from "typebox";
import { applyChunks, parsePatch, PatchError, type PatchOperation } from "../patch/apply-patch.ts";
import { refuseStale, sawDeletion, sawText, seenAfterEdit, seenAfterMove } from "../seen-files.ts";
import { defineTool, done, failureMessage, ToolFailure, type ToolContext } from "../tool.ts";
import type { FileChange } from "../events.ts";
import { describeChange, noChange, shownChange, type TextChange } from "../unified-diff.ts";
import { resolveWritablePath } from "../workspace-path.ts";
import { mutates } from "./gates.ts";
import { findText, loadText } from "./text-file.ts";

export const applyPatch = defineTool({
  name: "apply_patch",
  category: "file_operations",
  description: [
    "Add, change, move and delete several files as one unit. Format:",
    "*** Begin Patch",
    "*** Add File: path (every line starts with +)",
    "*** Update File: path, then optionally *** Move to: path, then chunks: `@@ a line above` and lines starting with space, - or +",
    "*** Delete File: path",
    "*** End Patch",
  ].join("\n"),
  parameters: Type.Object({ patch: Type.String() }),
  gate: mutates,
  async run({ patch }, context) {
    const planned = await plan(context, patch);
    const undo: (() => Promise<unknown>)[] = [];
    const changes: CarriedOut[] = [];
    try {
      for (const step of planned) changes.push(await step.carryOut(undo));
    } catch (error) {
      const rollback = await rollBack(undo);
      const message = failureMessage(error);
      throw new ToolFailure(
        `The patch failed at ${planned[changes.length]?.line ?? "its end"}: ${message} ${rollback === "complete" ? "Nothing was changed." : "Some files could not be put back."}`,
        {
          details: { error: message, applied_before_failure: planned.slice(0, changes.length).map((step) => step.line), rollback },
        },
      );
    }
    const made = changes.filter(({ change }) => change !== undefined);
    for (const { change } of made) if (change) await context.fileChanged(change);
    const sum = (count: "additions" | "deletions") => changes.reduce((all, { text }) => all + (text?.[count] ?? 0), 0);
    const message =
      made.length === 0 ? "The patch changes nothing." : `Applied the patch: ${made.length} ${made.length === 1 ? "file" : "files"}.`;
    return done(message, {
      content: planned.map((step) => step.line).join("\n"),
      ...(made.length === 0 ? noChange : shownChange({ additions: sum("additions"), deletions: sum("deletions") })),
      details: { files_modified: made.length, operations: planned.map((step) => ({ op: step.op, path: step.path })) },
    });
  },
});

interface PlannedStep {
  op: FileChange["op"];
  path: string;
  /** `A path`, `D path`, `U path` or `M path` as the result lists it. */
  line: string;
  /** Registers how to undo each step as soon as it is done. */
  carryOut(undo: (() => Promise<unknown>)[]): Promise<CarriedOut>;
}
/** Empty when the file is unchanged; without text when it is binary. */
interface CarriedOut {
  change?: FileChange;
  text?: TextChange | undefined;
}

/** Reads all files and resolves all chunks before anything is written. */
async function plan(context: ToolContext, patch: string): Promise<PlannedStep[]> {
  try {
    const operations = parsePatch(patch);
    const touched = new Set<string>();
    const steps: PlannedStep[] = [];
    for (const operation of operations) {
      const path = resolveWritablePath(context.root, operation.path);
      const target =
        operation.kind === "update" && operation.moveTo !== undefined ? resolveWritablePath(context.root, operation.moveTo) : path;
      for (const one of new Set([path, target])) {
        if (touched.has(one)) throw new PatchError(`${one} is named twice; put all its changes into one section.`);
        touched.add(one);
      }
      steps.push(await planStep(context, operation, path, target));
    }
    return steps;
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    throw new ToolFailure(`${error.message} Nothing was changed.`, {
      details: { error: error.message, applied_before_failure: [], rollback: "not_needed" },
    });
  }
}

async function planStep(context: ToolContext, operation: PatchOperation, path: string, target: string): Promise<PlannedStep> {
  const { files } = context.workspace;
  if (operation.kind === "add") {
    if (await files.stat(path)) throw new PatchError(`${operation.path} exists already; use "*** Update File".`);
    return {
      op: "add",
      path,
      line: `A ${operation.path}`,
      async carryOut(undo) {
        const { entry } = await files.write(path, operation.text, { ifNoneMatch: "*" });
        undo.push(() => files.remove(path, { ifMatch: entry.etag }));
        sawText(context, path, entry.etag);
        return carriedOut({ path, op: "add", size: entry.size }, describeChange(path, "", operation.text, { isNew: true }));
      },
    };
  }
  if (operation.kind === "delete") {
    const { exists, file } = await findText(context, path);
    if (!exists) throw new PatchError(`${operation.path} does not exist.`);
    const { data, entry: read } = await files.read(path);
    refuseStale(context, path, read.etag);
    return {
      op: "delete",
      path,
      line: `D ${operation.path}`,
      async carryOut(undo) {
        await files.remove(path, { ifMatch: read.etag });
        undo.push(() => files.write(path, data, { ifNoneMatch: "*" }));
        sawDeletion(context, path);
        return carriedOut({ path, op: "delete" }, file && describeChange(path, file.text, "", { isDeleted: true }));
      },
    };
  }
  return planUpdate(context, operation, path, target);
}

async function planUpdate(
  context: ToolContext,
  operation: Extract<PatchOperation, { kind: "update" }>,
  path: string,
  target: string,
): Promise<PlannedStep> {
  const { files } = context.workspace;
  if (!(await files.stat(path))) throw new PatchError(`${operation.path} does not exist.`);
  if (operation.chunks.length === 0) {
    if (await files.stat(target)) throw new PatchError(`${operation.moveTo} exists already.`);
    return {
      op: "move",
      path,
      line: `M ${operation.path} -> ${operation.moveTo}`,
      async carryOut(undo) {
        await files.rename(path, target);
        undo.push(() => files.rename(target, path));
        const entry = await files.stat(target);
        if (entry) seenAfterMove(context, path, target, { before: entry.etag, after: entry.etag });
        return carriedOut({ path, op: "move", new_path: target, ...(entry ? { size: entry.size } : {}) });
      },
    };
  }
  const file = await loadText(context, path);
  const text = applyChunks(operation.path, file.text, operation.chunks);
  if (target === path) {
    return {
      op: "update",
      path,
      line: `U ${operation.path}`,
      async carryOut(undo) {
        if (text === file.text) return {};
        const { entry } = await files.write(path, text, { ifMatch: file.etag });
        undo.push(() => files.write(path, file.text, { ifMatch: entry.etag }));
        seenAfterEdit(context, path, { before: file, after: { etag: entry.etag, text } });
        return carriedOut({ path, op: "update", size: entry.size }, describeChange(path, file.text, text));
      },
    };
  }
  if (await files.stat(target)) throw new PatchError(`${operation.moveTo} exists already.`);
  return {
    op: "move",
    path,
    line: `M ${operation.path} -> ${operation.moveTo}`,
    async carryOut(undo) {
      await files.rename(path, target);
      undo.push(() => files.rename(target, path));
      const { entry } = await files.write(target, text, { ifMatch: file.etag });
      undo.push(() => files.write(target, file.text, { ifMatch: entry.etag }));
      seenAfterMove(context, path, target, { before: file.etag, after: entry.etag });
      return carriedOut(
        { path, op: "move", new_path: target, size: entry.size },
        describeChange(path, file.text, text, { newPath: target }),
      );
    },
  };
}

function carriedOut(change: FileChange, text?: TextChange): CarriedOut {
  return { change: text?.diff === undefined ? change : { ...change, diff: text.diff }, text };
}

/** Undoes steps in reverse order; a failure does not stop the others. */
async function rollBack(undo: (() => Promise<unknown>)[]): Promise<"complete" | "incomplete"> {
  const results: PromiseSettledResult<unknown>[] = [];
  for (const step of undo.toReversed()) results.push(...(await Promise.allSettled([step()])));
  return results.every((one) => one.status === "fulfilled") ? "complete" : "incomplete";
}
