import { randomUUID } from "node:crypto";
import type { ChecksReport, Evidence, List, VerifyReport } from "@tesslate/contract";
import { notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { RunDetails } from "../runs/index.ts";
import type { Redactions } from "../../projects/secrets/index.ts";
import { presentEvidence, type EvidenceStore } from "./evidence.store.ts";
import type { Picture } from "./visit.ts";

/** Evidence of runs: stored with their messages, emitted as `evidence_added`, visible to their owner. */
export type EvidenceLog = ReturnType<typeof createEvidence>;
export function createEvidence({ store, redactions }: { store: EvidenceStore; redactions: Redactions }) {
  return {
    /** Stores a report with its screenshots and emits it. Secrets are redacted in its texts. */
    add: async (
      run: Pick<RunDetails, "task_id" | "message_id" | "project" | "chat_project_id" | "user_id" | "emitter">,
      proof: { verify: { report: Omit<VerifyReport, "pictures">; pictures: readonly Picture[] } } | { checks: ChecksReport },
    ): Promise<Evidence> => {
      const { redactIn } = await redactions.of(run.project.id);
      const pictures = "verify" in proof ? proof.verify.pictures.map((picture) => ({ ...picture, id: randomUUID() })) : [];
      const verify =
        "verify" in proof
          ? redactIn({ ...proof.verify.report, pictures: pictures.map(({ id, label, width, height }) => ({ id, label, width, height })) })
          : null;
      let added: Evidence | undefined;
      await run.emitter.emitWith(async (tx) => {
        const row = await store.insert(
          tx,
          {
            id: randomUUID(),
            task_id: run.task_id,
            message_id: run.message_id,
            project_id: run.chat_project_id,
            user_id: run.user_id,
            verify,
            checks: "checks" in proof ? redactIn(proof.checks) : null,
          },
          pictures,
        );
        added = presentEvidence(row);
        return [{ type: "evidence_added", data: added }];
      });
      if (!added) throw new Error("the evidence was not stored");
      return added;
    },
    list: async (userId: string, taskId: string, query: PageQuery): Promise<List<Evidence>> => {
      if (!(await store.isRunOf(taskId, userId))) throw notFound("Run");
      const page = pageOf(query);
      const { rows, total } = await store.list(taskId, page);
      return page.envelope(rows.map(presentEvidence), total);
    },
    picture: async (userId: string, taskId: string, id: string): Promise<Buffer> => {
      const data = await store.picture(taskId, id, userId);
      if (!data) throw notFound("Screenshot");
      return data;
    },
  };
}
