import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { costText, tokensText } from "../../lib/durations.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { MeterRing } from "../../ui/MeterRing.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { toast } from "../../ui/toast.tsx";
import { centsText, windowText, CapField } from "../models/index.ts";
import { estimateQuery } from "./budget.queries.ts";
import type { Run } from "./chat.types.ts";
import { contextPercent } from "./run-budget.ts";

export function useCompact(chatId: string | undefined, model: string | undefined) {
  const queryClient = useQueryClient();
  const { api } = useServices();
  const [doneFor, setDoneFor] = useState<string>();
  const work = useMutation({
    mutationFn: (id: string) => api.chat.compact({ params: { chat_id: id }, body: model ? { model } : {} }),
    onSuccess: (done) => {
      toast(`A summary stands for what was said: ${tokensText(done.tokens_before)} tokens became ${tokensText(done.tokens_after)}.`);
      return queryClient.invalidateQueries({ queryKey: ["chat", "estimate"] });
    },
    onError: (error) => toast(sentenceOf(error), { kind: "failed" }),
  });
  return {
    isPending: work.isPending,
    /** Of this run on, the offer is not made again. */
    doneFor,
    start: (taskId: string | undefined) => {
      if (chatId) work.mutate(chatId, { onSuccess: () => setDoneFor(taskId) });
    },
  };
}
export type Compact = ReturnType<typeof useCompact>;

export interface BudgetMeterProps {
  projectId: string;
  chatId: string | undefined;
  model: string | undefined;
  draft: string;
  /** The run whose numbers are shown: the one that goes on, else the last. */
  run: Run | undefined;
  isRunning: boolean;
  turns: number;
  compact: Compact;
}

/** In the composer: how full the window is, what the next message likely costs, and at what a run pauses. */
export function BudgetMeter({ projectId, chatId, model, draft, run, isRunning, turns, compact }: BudgetMeterProps) {
  const [isOpen, setIsOpen] = useState(false);
  const percent = contextPercent(run) ?? 0;
  const { contextUsed, contextWindow } = run?.usage ?? {};
  return (
    <Popover
      label="Context and cost"
      side="top"
      align="end"
      isOpen={isOpen}
      onOpenChange={setIsOpen}
      className="w-76 max-w-[calc(100vw-24px)]"
      trigger={
        <Button size="sm" variant="ghost" aria-label={`Context and cost: ${percent}% of the window used`} className="flex-none px-1.5!">
          <MeterRing percent={percent} label="Context used" isTextHidden={percent === 0} />
        </Button>
      }
    >
      <div className="grid grid-cols-1 gap-3 text-sm">
        <section className="grid grid-cols-1 gap-1">
          <h3 className="text-xs text-fg-2">Context</h3>
          <p className="num">
            {contextUsed !== undefined && contextWindow
              ? `${tokensText(contextUsed)} of ${windowText(contextWindow)} tokens, ${percent}%`
              : "Nothing said yet"}
          </p>
          {turns > 0 && !isRunning ? (
            <div>
              <Button size="sm" disabled={compact.isPending} onClick={() => compact.start(run?.taskId)}>
                {compact.isPending ? "Summarising" : "Summarise to make room"}
              </Button>
            </div>
          ) : null}
        </section>
        {isOpen ? <Outlook projectId={projectId} chatId={chatId} model={model} draft={draft} turns={turns} /> : null}
        {isOpen ? <CapField cap="max_cost_cents" label="Pause a run at, in dollars" placeholder="The server's cap" /> : null}
      </div>
    </Popover>
  );
}

function Outlook(given: { projectId: string; chatId: string | undefined; model: string | undefined; draft: string; turns: number }) {
  const { data, error } = useQuery(estimateQuery(useServices().api, given));
  return (
    <section className="grid grid-cols-1 gap-1">
      <h3 className="text-xs text-fg-2">The next message</h3>
      {error ? (
        <p className="text-fg-2">{sentenceOf(error)}</p>
      ) : data ? (
        <>
          <p>
            {data.is_byok
              ? `Your own key: nothing is charged here; likely ${data.own_key_cents ? centsText(data.own_key_cents) : "free"} at list prices`
              : data.is_price_known
                ? `Likely ${data.likely_cost_cents === 0 ? "free" : centsText(data.likely_cost_cents)}`
                : `Likely ${centsText(data.likely_cost_cents)}, counted at the price of unknown models`}
          </p>
          <p className="num text-xs text-fg-2">
            {tokensText(data.tokens_in)} tokens to begin with, {tokensText(data.likely_tokens_in)} in and{" "}
            {tokensText(data.likely_tokens_out)} out over the whole run
            {data.basis === "your_runs" ? ", as your last runs" : ""}
          </p>
          {data.cost_limit_cents === null ? null : <p className="num text-xs text-fg-2">It pauses at {costText(data.cost_limit_cents)}.</p>}
        </>
      ) : (
        <p className="text-fg-3" role="status">
          Estimating
        </p>
      )}
    </section>
  );
}

/** Above the composer when the window is nearly full. */
export function CrowdedOffer({ run, compact }: { run: Run; compact: Compact }) {
  const percent = contextPercent(run) ?? 0;
  return (
    <div role="status" className="flex flex-wrap items-center gap-x-3 gap-y-1.5 rounded-3 border border-line-0 bg-bg-1 px-3 py-2 text-sm">
      <p className="min-w-0 flex-1 leading-[1.45]">The conversation fills {percent}% of what the model can hold.</p>
      <Button size="sm" disabled={compact.isPending} onClick={() => compact.start(run.taskId)}>
        {compact.isPending ? "Summarising" : "Summarise to make room"}
      </Button>
    </div>
  );
}
