import { PanelLeft, Plus } from "lucide-react";
import { Suspense, useMemo, useRef, useState, type ReactNode } from "react";
import { lazyComponent, preload } from "../../lib/chunks.ts";
import { detailsOf } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { useFileTree, useProject } from "../../project/project-context.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { ShortcutKeys } from "../../ui/ShortcutKeys.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Thread, ThreadItem } from "../../ui/thread/index.ts";
import { toast } from "../../ui/toast.tsx";
import { AgentMenu } from "../agents/index.ts";
import { BranchBar, useBranchOfChat } from "../branches/index.ts";
import type { Asked } from "./AnswerHint.tsx";
import { BudgetMeter, CrowdedOffer, useCompact } from "./BudgetMeter.tsx";
import type { CommandView, MessageExtras, SendFailure } from "./chat.types.ts";
import { backgroundCommands } from "./command-events.ts";
import { CardLink } from "./CardLink.tsx";
import { Composer } from "./Composer.tsx";
import { useConversation, type Conversation } from "./conversation.ts";
import { FailureActionsContext, type FailureActions } from "./failure-actions.ts";
import { PauseCard } from "./PauseCard.tsx";
import type { SecretField } from "./QuestionCard.tsx";
import { isHeldByCredits, QueueList } from "./QueueList.tsx";
import { contextPercent, crowdedPercent, isPaused } from "./run-budget.ts";
import { SessionMenu } from "./SessionMenu.tsx";
import type { SlashCommand } from "./slash-commands.ts";
import { TodoPanel } from "./TodoPanel.tsx";
import { openApprovals, openQuestions } from "./transcript-rows.ts";
import { typedAnswer, typedSecret } from "./typed-answer.ts";
import { useAnnouncements } from "./use-announcements.ts";
import { usePlan } from "./use-plan.ts";
import { useReasoning } from "./use-reasoning.ts";
import { useQueue } from "./use-queue.ts";
import { useWaitingCard, waitingFor } from "./use-waiting-card.ts";
import { WaitingHint } from "./WaitingHint.tsx";
import { ErrorSentence, WithHelp } from "../../ui/HelpLink.tsx";

const ChatTranscript = lazyComponent(async () => (await import("./ChatTranscript.tsx")).ChatTranscript);
const loadApprovalCard = async () => (await import("./ApprovalCard.tsx")).ApprovalCard;
const ApprovalCard = lazyComponent(loadApprovalCard);
const loadQuestionCard = async () => (await import("./QuestionCard.tsx")).QuestionCard;
const QuestionCard = lazyComponent(loadQuestionCard);
const loadPlanCard = async () => (await import("./PlanCard.tsx")).PlanCard;
const PlanCard = lazyComponent(loadPlanCard);
const loadRunningCommands = async () => (await import("./RunningCommands.tsx")).RunningCommands;
const RunningCommands = lazyComponent(loadRunningCommands);

/** Loads the cards that a run may need before it needs them. */
export const cardPreloads = [loadApprovalCard, loadQuestionCard, loadPlanCard, loadRunningCommands].map((load) => () => preload(load));

export interface ChatColumnProps {
  /** Why nothing can be sent yet. */
  blockedBy: string | undefined;
  /** Replaces the composer's bar: no model, no credits. */
  notice: ReactNode;
  /** After the last message: setup progress. */
  tail: ReactNode;
  /** Why the app does not work. */
  failure?: ReactNode;
  suggestions: readonly string[];
  onFold: () => void;
}

const noCommands: CommandView[] = [];
const chatActions = ({ chat: { send, stop, open, reload, clear, resume, retryCall, answer, answerQuestion, wait } }: Conversation) => ({
  send,
  stop,
  open,
  reload,
  clear,
  resume,
  retryCall,
  answer,
  answerQuestion,
  wait,
});
const nextMessage = ({ first, mode, chooseMode, agents, models, defaultModel, model, chooseModel, composer }: Conversation) => ({
  first,
  mode,
  chooseMode,
  agents,
  models,
  defaultModel,
  model,
  chooseModel,
  composer,
});
/** What the server answers to a message that has to wait for a run of another chat. */
const waitsForRun: SendFailure = { code: "run_active", message: "" };

/** A card that waits for an answer. On a phone it spans the full width. */
const cardItem = "pb-2 [--bead-y:20px] narrow:-ml-1 narrow:-mr-3 narrow:pl-0! narrow:before:hidden narrow:[&>.bead]:hidden";

/** The chat: transcript, cards that wait for an answer, queue and composer. */
export function ChatColumn({ blockedBy, notice, tail, failure, suggestions, onFold }: ChatColumnProps) {
  const { id: projectId } = useProject();
  const tree = useFileTree().data;
  const { chatId, todos, loadFailure, isLoaded, liveTaskId, isStopping } = useConversation(({ chat }) => ({
    chatId: chat.state.chatId,
    todos: chat.state.todos,
    loadFailure: chat.loadFailure,
    isLoaded: chat.state.isLoaded,
    liveTaskId: chat.live?.taskId,
    isStopping: chat.isStopping,
  }));
  const chat = useConversation(chatActions);
  const { first: unsent, mode, chooseMode, agents, models, defaultModel, model, chooseModel, composer } = useConversation(nextMessage);
  const isRunning = liveTaskId !== undefined;
  const hasRows = useConversation(({ rows }) => rows.length > 0);
  const { answerQuestion } = chat;
  const approvals = useConversation(({ chat: { state } }) => openApprovals(state));
  const whole = useQueue(chatId);
  const queue = { ...whole, items: whole.items.filter(({ id }) => id !== unsent?.id) };
  const branch = useBranchOfChat(chatId);
  const plan = usePlan(chatId);
  const reasoning = useReasoning();
  const options = { editMode: mode, model, reasoning: reasoning.chosen, agentId: agents.picked?.id };
  /** A run that is being stopped: the next message is sent, not queued, because the run ends at once. */
  const [stoppedTaskId, setStoppedTaskId] = useState<string>();
  const waitsInLine = isRunning ? liveTaskId !== stoppedTaskId : queue.items.length > 0 && !queue.held;
  const steer = useHandler((text: string): Promise<SendFailure | undefined> => queue.steer(text, options));
  const stop = useHandler(() => {
    setStoppedTaskId(liveTaskId);
    void chat.stop();
  });
  const running = useConversation(({ chat: { live } }) => (live ? backgroundCommands(live) : noCommands));
  /** The last run, when it has ended. */
  const ended = useConversation(({ chat: { live }, lastRun }) => (live ? undefined : lastRun));
  const compact = useCompact(chatId, model);
  const [dismissedTaskId, setDismissedTaskId] = useState<string>();
  const paused = isPaused(ended) && ended.taskId !== dismissedTaskId ? ended : undefined;
  // How to get credits is said once: by the run that ran out of them, else by the queue, else by the composer.
  const isRunOutOfCredits = paused?.reason === "credits_exhausted";
  const [isClearing, setIsClearing] = useState(false);
  const commands: SlashCommand[] = [
    {
      name: "plan",
      hint: mode === "plan" ? "Leave plan mode" : "Plan only: the agent reads and plans, but changes nothing",
      run: () => chooseMode(mode === "plan" ? "ask" : "plan"),
    },
    { name: "ask", hint: "Ask before changing files or running commands", run: () => chooseMode("ask") },
    ...(isRunning
      ? [{ name: "stop", hint: "Stop run", run: stop }]
      : chatId !== undefined && hasRows
        ? [{ name: "clear", hint: "Clear this chat", run: () => setIsClearing(true) }]
        : []),
    { name: "new", hint: "Start a new chat", run: () => chat.open(undefined) },
  ];
  const question = useConversation(({ chat: { state } }) => openQuestions(state)[0]);
  const [resuming, setResuming] = useState<string>();
  const resume = useHandler(async (taskId: string, otherModel?: string) => {
    setResuming(taskId);
    const failure = await chat.resume(taskId, { editMode: mode, model: otherModel });
    if (!failure) return;
    setResuming(undefined);
    toast(<WithHelp code={failure.code}>{failure.message}</WithHelp>, { kind: "failed" });
  });
  const onResume = useHandler((taskId: string) => void resume(taskId));
  const { retryCall } = chat;
  const failureActions = useMemo<FailureActions>(
    () => ({
      models,
      retryCall: (taskId, retryId, otherModel) =>
        void retryCall(taskId, retryId, otherModel).then((sentence) => {
          if (sentence !== undefined) toast(sentence, { kind: "failed" });
        }),
      stop,
      rerun: (run, otherModel) => void resume(run.taskId, otherModel),
      compact: (run) => compact.start(run.taskId),
      isCompacting: compact.isPending,
    }),
    [models, retryCall, stop, resume, compact],
  );
  const first = approvals[0];
  const waiting = waitingFor(first, question);
  const [announcement, announce] = useAnnouncements();
  const send = useHandler(async (text: string, extras: MessageExtras): Promise<SendFailure | undefined> => {
    const message = { ...options, ...extras };
    if (waitsInLine && chatId !== undefined) return queue.add(text, message);
    const failure = extras.workspace === "wait" ? waitsForRun : await chat.send(text, { ...message, workspace: extras.workspace ?? "ask" });
    if (failure?.code !== "run_active") return failure;
    const refused = await chat.wait(text, message);
    if (!refused) announce("Queued. The message is sent when the other run ends.");
    return refused;
  });
  const card = useWaitingCard(waiting, composer, announce);
  const secretField = useRef<SecretField>(null);
  const asked = useMemo((): Asked | undefined => {
    if (!question || first) return undefined;
    const { questionId: id, asked: request } = question;
    if (request.kind === "secret") {
      const { secret_key: secretKey } = request;
      return { kind: "secret", id, secretKey, fill: (text) => secretField.current?.fill(typedSecret(secretKey, text)) };
    }
    return {
      kind: "question",
      id,
      answer: async (text) => {
        const answer = typedAnswer(request, text);
        const message = typeof answer === "string" ? answer : await answerQuestion(id, answer);
        return message === undefined ? undefined : { code: "invalid_answer", message };
      },
    };
  }, [question, first, answerQuestion]);
  useShortcuts(waiting ? { "chat.answer": card.go } : {});
  const isEmpty = !hasRows && !tail && !plan.plan;

  return (
    // Its size comes from outside, so what changes inside (a key in the composer) needs no layout of the page.
    <section aria-label="Chat" className="flex h-full min-h-0 min-w-0 flex-col pl-1 [contain:size_layout]">
      <header className="flex h-8 flex-none items-center gap-1 pr-3 pl-1.5 narrow:h-11">
        <SessionMenu projectId={projectId} chatId={chatId} onOpen={chat.open} />
        <CardLink chatId={chatId} />
        <span className="flex-1" />
        <IconButton size="sm" label="New chat" onClick={() => chat.open(undefined)}>
          <Plus size={14} />
        </IconButton>
        <IconButton size="sm" label="Collapse chat" keys={<ShortcutKeys id="chat.fold" />} className="narrow:hidden" onClick={onFold}>
          <PanelLeft size={14} />
        </IconButton>
      </header>
      {todos.length > 0 ? <TodoPanel todos={todos} isRunning={isRunning} /> : null}
      {loadFailure ? (
        <ErrorState title="Couldn't load the chat" onRetry={chat.reload} details={detailsOf(loadFailure)} className="flex-1">
          <ErrorSentence of={loadFailure} />
        </ErrorState>
      ) : !isLoaded && !hasRows ? (
        <ConversationSkeleton />
      ) : (
        <FailureActionsContext value={failureActions}>
          <Suspense fallback={<ConversationSkeleton />}>
            <ChatTranscript
              onResume={onResume}
              head={isEmpty ? <Intro suggestions={suggestions} onPick={(text) => composer.current?.write(text)} /> : null}
              tail={
                <>
                  {plan.plan ? (
                    <ThreadItem bead="next" line="next" className="[--bead-y:18px]">
                      <Suspense fallback={null}>
                        <PlanCard
                          plan={plan.plan}
                          control={plan}
                          isRunning={isRunning}
                          onBuild={(editMode) => plan.build({ ...options, editMode })}
                        />
                      </Suspense>
                    </ThreadItem>
                  ) : null}
                  {tail}
                </>
              }
            />
          </Suspense>
        </FailureActionsContext>
      )}
      <Thread className="flex-none pr-3">
        {first ? (
          <ThreadItem key={first.approvalId} bead="held" line="held" className={cardItem}>
            <Suspense fallback={null}>
              <div onFocus={card.onFocus}>
                <ApprovalCard
                  approval={first}
                  {...(approvals.length > 1 && { place: `1 of ${approvals.length}` })}
                  onAnswer={(response, note) => chat.answer(first.approvalId, response, note)}
                  onShown={card.onShown}
                />
              </div>
            </Suspense>
          </ThreadItem>
        ) : null}
        {paused ? (
          <ThreadItem bead="held" line="held" className={cardItem}>
            <PauseCard
              run={paused}
              isContinuing={resuming === paused.taskId}
              onContinue={() => void resume(paused.taskId)}
              onStop={() => setDismissedTaskId(paused.taskId)}
            />
          </ThreadItem>
        ) : null}
        {ended && (contextPercent(ended) ?? 0) >= crowdedPercent && compact.doneFor !== ended.taskId ? (
          <ThreadItem bead="next" line="next" className={cardItem}>
            <CrowdedOffer run={ended} compact={compact} />
          </ThreadItem>
        ) : null}
        {failure ? (
          <ThreadItem bead="failed" line="next" className={cardItem}>
            {failure}
          </ThreadItem>
        ) : null}
        {running.length > 0 ? (
          <ThreadItem bead="live" line="live" className="pb-1.5 [--bead-y:13px] narrow:pl-2! narrow:before:hidden narrow:[&>.bead]:hidden">
            <Suspense fallback={null}>
              <RunningCommands commands={running} />
            </Suspense>
          </ThreadItem>
        ) : null}
        {queue.items.length > 0 ? (
          <ThreadItem
            bead={queue.held && !isRunning ? "held" : "next"}
            line="next"
            className="pb-1.5 [--bead-y:13px] narrow:pl-2! narrow:before:hidden narrow:[&>.bead]:hidden"
          >
            <QueueList queue={queue} isRunning={isRunning} offersCredits={!isRunOutOfCredits} />
          </ThreadItem>
        ) : null}
        {question && !first ? (
          <ThreadItem key={question.questionId} bead="held" line="held" className={cardItem}>
            <Suspense fallback={null}>
              <div onFocus={card.onFocus}>
                <QuestionCard
                  part={question}
                  onAnswer={(answer) => answerQuestion(question.questionId, answer)}
                  onStop={stop}
                  onShown={card.onShown}
                  secretField={secretField}
                />
              </div>
            </Suspense>
          </ThreadItem>
        ) : null}
        <ThreadItem
          bead={isRunning ? "live" : "next"}
          line={isRunning ? "live" : "next"}
          edge="end"
          className="pb-2 [--bead-y:20px] narrow:pl-2! narrow:before:hidden narrow:[&>.bead]:hidden"
        >
          {waiting && card.isMissed ? <WaitingHint waiting={waiting} onGo={card.go} /> : null}
          {branch ? (
            <Suspense fallback={null}>
              <BranchBar branch={branch} />
            </Suspense>
          ) : null}
          <Composer
            projectId={projectId}
            tree={tree}
            chatId={chatId}
            isRunning={isRunning}
            isStopping={isStopping}
            blockedBy={blockedBy}
            offersCredits={!isRunOutOfCredits && (isRunning || !isHeldByCredits(queue))}
            mode={mode}
            onMode={chooseMode}
            models={models}
            defaultModel={defaultModel}
            model={model}
            onModel={chooseModel}
            reasoning={reasoning.shown}
            onReasoning={reasoning.choose}
            agentMenu={<AgentMenu choice={agents} />}
            meter={(draft) => <BudgetMeter projectId={projectId} chatId={chatId} model={model} draft={draft} compact={compact} />}
            onSend={send}
            onSteer={steer}
            asked={asked}
            commands={commands}
            onStop={stop}
            announce={announce}
            notice={notice}
            handle={composer}
          />
        </ThreadItem>
      </Thread>
      <div role="status" aria-live="polite" className="sr-only">
        {announcement}
      </div>
      <ConfirmDialog
        isOpen={isClearing}
        onOpenChange={setIsClearing}
        title="Clear this chat?"
        confirmLabel="Clear chat"
        loadingWord="Clearing…"
        isDanger
        onConfirm={chat.clear}
      >
        This deletes all messages, the plan, to-dos and queued messages. Files aren't affected.
      </ConfirmDialog>
    </section>
  );
}

const ConversationSkeleton = () => (
  <div className="flex flex-1 flex-col justify-end p-6">
    <SkeletonRows count={4} label="Loading chat…" />
  </div>
);

function Intro({ suggestions, onPick }: { suggestions: readonly string[]; onPick: (text: string) => void }) {
  return (
    <div className="px-8 pb-6">
      <h2 className="text-md">What do you want to change?</h2>
      <p className="mt-1 text-sm leading-read text-fg-2">
        The agent reads the project, edits files and runs commands in its sandbox. You see every step here.
      </p>
      {suggestions.length > 0 ? (
        <ul role="list" aria-label="Suggestions" className="mt-3 grid gap-1">
          {suggestions.map((text) => (
            <li key={text}>
              <button
                type="button"
                className="w-full rounded-2 border border-line-0 px-2.5 py-2 text-left text-sm text-fg-1 hover:bg-bg-3 hover:text-fg-0"
                onClick={() => onPick(text)}
              >
                {text}
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
