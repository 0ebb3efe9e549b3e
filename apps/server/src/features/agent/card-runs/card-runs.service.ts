import { activeCardRunStates, parallelRunsOf, type Card, type CardRun, type RunCard } from "@tesslate/contract";
import type { CardRunRow } from "../../../db/schema/agent/runs.ts";
import type { CardRow } from "../../../db/schema/projects.ts";
import type { Queries } from "../../../platform/database.ts";
import { AppError, conflict, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import { cardChanged, type CardMoves, type Kanban } from "../../projects/kanban/index.ts";
import type { MessageQueue } from "../queue/index.ts";
import { runEndReason, type Runs, type Sender } from "../runs/index.ts";
import { isEnded, messageOfCard, stateAfter } from "./card-runs.rules.ts";
import type { CardRunsStore } from "./card-runs.store.ts";

export interface CardRunsOptions {
  store: CardRunsStore;
  kanban: Pick<Kanban, "requireCard" | "getCard">;
  moves: CardMoves;
  runs: Pick<Runs, "start">;
  queue: Pick<MessageQueue, "addInNewChat">;
  events: EventLog;
  log: Logger;
}
type StoredState = Pick<CardRunRow, "state" | "message" | "task_id">;

export type CardRuns = ReturnType<typeof createCardRuns>;
/**
 * Runs of the agent on cards of the board. Each has a chat of its own, and the card follows the runs of its newest one: `follow` compares what is
 * stored of both and moves the card, so that it may be called at any time and as often as one likes; after a crash the sweep calls it.
 */
export function createCardRuns({ store, kanban, moves, runs, queue, events, log }: CardRunsOptions) {
  const readState = async (tx: Queries, run: CardRunRow): Promise<StoredState> => {
    const answer = await store.lastAnswer(tx, run.chat_id);
    if (answer) {
      const reason = String(answer["completion_reason"] ?? "error");
      const state = stateAfter(reason);
      const error = typeof answer["error"] === "string" && state === "failed" && reason === "error" ? answer["error"] : undefined;
      return {
        state,
        task_id: String(answer["task_id"]),
        message: state === "running" || state === "completed" ? null : (error ?? runEndReason(reason)),
      };
    }
    const queued = await store.firstQueued(tx, run.chat_id);
    if (queued) return { state: queued.held ? "paused" : "queued", message: queued.held?.message ?? null, task_id: null };
    return isEnded(run.state) ? run : { state: "stopped", message: "The message was removed from the queue.", task_id: null };
  };

  /** Moves the card, unless a person has moved it during the run. Returns the places to remember. */
  const place = async (tx: Queries, card: CardRow, run: CardRunRow, state: CardRun["state"]): Promise<Partial<CardRunRow>> => {
    const isWhereLeft = card.column_id === run.at_column_id;
    switch (state) {
      case "running":
        // It continues.
        if (run.state === "paused" && run.task_id !== null && isWhereLeft) return {};
        // A completed card stays completed when its chat continues.
        if (card.completed_at !== null) return { at_column_id: null };
        return {
          from_column_id: card.column_id,
          from_position: card.position,
          at_column_id: await moves.start(tx, card, { isLimited: false }),
        };
      case "completed":
        return isWhereLeft ? { at_column_id: await moves.finish(tx, card) } : {};
      case "failed":
      case "stopped":
        return isWhereLeft
          ? { at_column_id: await moves.putBack(tx, card, { column_id: run.from_column_id, position: run.from_position }) }
          : {};
      default:
        return {};
    }
  };

  const follow = async (chatId: string): Promise<void> => {
    const known = await store.find(chatId);
    if (!known) return;
    await events.appendWith(known.project_id, async (tx) => {
      if (!(await moves.lock(tx, known.board_id))) return [];
      const run = await store.find(chatId, tx);
      const card = run && (await moves.find(tx, known.board_id, run.card_id));
      if (!run || !card) return [];
      const { state, message, task_id } = await readState(tx, run);
      if (state === run.state && message === run.message && task_id === run.task_id) return [];
      const isNewest = (await store.findNewest(tx, card.id))?.id === run.id;
      const places = isNewest && state !== run.state ? await place(tx, card, run, state) : {};
      const isOver = state !== "running" && state !== "queued";
      await store.update(tx, run.id, {
        state,
        message,
        task_id,
        ...places,
        ended_at: isEnded(state) ? new Date().toISOString() : null,
        cost_cents: isOver ? await store.costOf(tx, chatId) : null,
      });
      return [cardChanged(card.id, places.at_column_id === undefined ? "updated" : "moved", null)];
    });
  };
  const tryToFollow = (chatId: string): Promise<void> =>
    follow(chatId).catch((err: unknown) => log.error({ err, chat_id: chatId }, "card does not follow its run"));

  return {
    /**
     * Starts a run of the card in a new chat. Throws `card_run_active`, `task_limit_reached`, and what sending a message throws; nothing is stored
     * then. A run that has to wait for another one is queued: its `task_id` is null.
     */
    run: async (
      sender: Sender,
      ref: string,
      cardId: string,
      { workspace, ...options }: RunCard,
    ): Promise<{ task_id: string | null; chat_id: string; card: Card }> => {
      const { project, board, card: shown } = await kanban.requireCard(sender.id, ref, cardId);
      const body = {
        ...options,
        ...messageOfCard(shown),
        view_context: "kanban",
        workspace: workspace ?? (parallelRunsOf(project.settings) === "ask" ? ("wait" as const) : null),
      };
      /** Locks the board; throws when the card was deleted or is being worked on. */
      const claim = async (tx: Queries): Promise<CardRow> => {
        const card = (await moves.lock(tx, board.id)) ? await moves.find(tx, board.id, cardId) : undefined;
        if (!card) throw notFound("Card");
        const last = await store.findNewest(tx, cardId);
        if (last && activeCardRunStates.includes((await readState(tx, last)).state))
          throw conflict("card_run_active", "The agent is already working on this card. Wait for the run to end, or stop it.", {
            chat_id: last.chat_id,
            task_id: last.task_id,
          });
        return card;
      };
      const placeOf = (card: CardRow) => ({ card_id: cardId, from_column_id: card.column_id, from_position: card.position });

      let card: CardRow | undefined;
      let chatId = "";
      try {
        await runs.start(
          sender,
          { ...body, project_id: project.id },
          {
            origin: "browser",
            claim: async (tx) => {
              card = await claim(tx);
            },
            created: async (tx, task, { chat_id }) => {
              if (!card) throw new Error("the card was not claimed");
              chatId = chat_id;
              await store.insert(tx, {
                ...placeOf(card),
                chat_id,
                task_id: task.id,
                state: "running",
                at_column_id: await moves.start(tx, card, { isLimited: true }),
              });
            },
          },
        );
        await events.append(project.id, cardChanged(cardId, "moved", sender.id));
      } catch (error) {
        if (!(error instanceof AppError && error.code === "run_active")) throw error;
        chatId = await queue.addInNewChat(sender, project.id, { ...body, workspace: "wait" }, async (tx, chat_id) => {
          const waiting = await claim(tx);
          await store.insert(tx, { ...placeOf(waiting), chat_id, state: "queued", at_column_id: waiting.column_id });
          return [cardChanged(cardId, "updated", sender.id)];
        });
        // The other run may have ended just now.
        await follow(chatId);
      }
      const { comments: _comments, runs: _runs, ...current } = await kanban.getCard(sender.id, project.id, cardId);
      return { task_id: current.run?.chat_id === chatId ? current.run.task_id : null, chat_id: chatId, card: current };
    },

    /** Brings the card of a chat in line with the chat's runs. Never throws. */
    follow: tryToFollow,

    jobHandlers: {
      /** Follows runs whose process died before their card was moved. */
      follow_card_runs: async (): Promise<void> => {
        let after: string | undefined;
        do {
          const chatIds = await store.listBehind(after);
          for (const id of chatIds) await tryToFollow(id);
          after = chatIds.at(-1);
        } while (after !== undefined);
      },
    },
  };
}
