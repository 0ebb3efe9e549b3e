import { KeyRound, MessageCircleQuestionMark } from "lucide-react";
import type { AnswerQuestion } from "@tesslate/contract";
import { useEffect, useId, useImperativeHandle, useRef, useState, type ReactNode, type Ref } from "react";
import { cx } from "../../lib/cx.ts";
import { onUnfocusedKeys } from "../../lib/unfocused-keys.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { Button } from "../../ui/Button.tsx";
import { Input } from "../../ui/Input.tsx";
import { Kbd } from "../../ui/Kbd.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { Pill } from "../../ui/Pill.tsx";
import type { QuestionPart } from "./chat.types.ts";
import type { WaitingCard } from "./use-waiting-card.ts";

export type QuestionAnswer = Omit<AnswerQuestion, "question_id">;
export interface QuestionCardProps {
  part: QuestionPart;
  /** Resolves with an error sentence if the server refused the answer. */
  onAnswer: (answer: QuestionAnswer) => Promise<string | undefined>;
  onStop: () => void;
  onShown?: WaitingCard["onShown"];
  /** Of a secret request. */
  secretField?: Ref<SecretField>;
}
export interface SecretField {
  /** Sets the value and focuses the field; nothing is saved. */
  fill: (value: string) => void;
}

/**
 * A question or a secret request of the agent. While the focus is inside but not in a field, or while nothing has the focus, the number keys
 * select a choice and Enter sends it.
 */
export function QuestionCard(props: QuestionCardProps) {
  return props.part.asked.kind === "secret" ? (
    <SecretCard {...props} asked={props.part.asked} />
  ) : (
    <ChoicesCard {...props} asked={props.part.asked} />
  );
}

type Asked<K> = Extract<QuestionPart["asked"], { kind: K }>;

function useAnswer(onAnswer: QuestionCardProps["onAnswer"]) {
  const [isSending, setIsSending] = useState(false);
  const [failure, setFailure] = useState<string>();
  const send = async (answer: QuestionAnswer): Promise<void> => {
    setIsSending(true);
    setFailure(undefined);
    const refusal = await onAnswer(answer);
    setIsSending(false);
    if (refusal) setFailure(refusal);
  };
  return { isSending, failure, send };
}

function ChoicesCard({ asked, onAnswer, onStop, onShown }: QuestionCardProps & { asked: Asked<"question"> }) {
  const { isSending, failure, send } = useAnswer(onAnswer);
  const [picked, setPicked] = useState<readonly string[]>([]);
  const [text, setText] = useState("");
  const { choices, is_multiple: isMultiple } = asked;
  const toggle = (label: string) =>
    setPicked((now) => (now.includes(label) ? now.filter((one) => one !== label) : isMultiple ? [...now, label] : [label]));
  const isReady = picked.length > 0 || text.trim() !== "";
  const submit = () => {
    if (isReady && !isSending) void send({ choices: [...picked], text: text.trim() || null });
  };
  const onKey = (event: KeyboardEvent) => {
    if ((event.target as HTMLElement).matches("input:not([type=radio]):not([type=checkbox]), textarea")) return;
    if (event.key === "Enter" && isReady && !(event.target as HTMLElement).matches("button")) {
      event.preventDefault();
      submit();
      return;
    }
    const choice =
      /^[1-9]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey ? choices[Number(event.key) - 1] : undefined;
    if (!choice) return;
    event.preventDefault();
    toggle(choice.label);
  };
  const name = useId();
  const field = useRef<HTMLInputElement>(null);
  return (
    <Card
      icon={<MessageCircleQuestionMark />}
      kind="Question"
      title={asked.question}
      failure={failure}
      onKey={onKey}
      onSubmit={submit}
      onShown={(card) => onShown?.(card, choices.length === 0 ? field.current : undefined)}
      buttons={
        <>
          <Button size="sm" type="submit" disabled={!isReady || isSending}>
            Answer
          </Button>
          <Button size="sm" variant="ghost" disabled={isSending} onClick={() => void send({ declined: true })}>
            Skip
          </Button>
        </>
      }
      onStop={onStop}
    >
      {choices.length > 0 ? (
        <fieldset className="grid gap-1 px-3 pt-2">
          <legend className="sr-only">{isMultiple ? "Choices (select one or more)" : "Choices"}</legend>
          {choices.map((choice, index) => {
            const isPicked = picked.includes(choice.label);
            return (
              <label
                key={choice.label}
                className={cx(
                  "flex min-h-(--row) cursor-pointer items-start gap-2 rounded-2 border px-2.5 py-1.5 text-sm has-focus-visible:ring has-focus-visible:ring-fg-1 narrow:min-h-11 narrow:items-center narrow:text-md",
                  isPicked ? "border-fg-1 bg-bg-3" : "border-line-0 hover:bg-bg-3",
                )}
              >
                <input
                  type={isMultiple ? "checkbox" : "radio"}
                  name={name}
                  checked={isPicked}
                  onChange={() => toggle(choice.label)}
                  className="mt-0.75 accent-(--fg-0) outline-none narrow:mt-0"
                />
                <span className="min-w-0 flex-1">
                  <span className="block break-words text-fg-0">{choice.label}</span>
                  {choice.description ? (
                    <span className="block text-xs leading-note break-words text-fg-2">{choice.description}</span>
                  ) : null}
                </span>
                <span className="narrow:hidden">
                  <Kbd>{index + 1}</Kbd>
                </span>
              </label>
            );
          })}
        </fieldset>
      ) : null}
      {asked.allows_text ? (
        <div className="px-3 pt-2">
          <Input
            ref={field}
            aria-label={choices.length > 0 ? "Or type your own answer" : "Your answer"}
            placeholder={choices.length > 0 ? "Or type your own answer" : "Your answer"}
            value={text}
            maxLength={4_000}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
      ) : null}
    </Card>
  );
}

/** The value is sent to the project's secrets and not kept on the page. */
function SecretCard({ asked, onAnswer, onStop, onShown, secretField }: QuestionCardProps & { asked: Asked<"secret"> }) {
  const { isSending, failure, send } = useAnswer(onAnswer);
  const [value, setValue] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useImperativeHandle(secretField, () => ({
    fill: (given) => {
      setValue(given);
      field.current?.focus();
    },
  }));
  const submit = async () => {
    if (value === "" || isSending) return;
    await send({ value });
    setValue("");
  };
  return (
    <Card
      icon={<KeyRound />}
      kind="Secret"
      title={
        <>
          The agent needs <span className="font-mono">{asked.secret_key}</span>
        </>
      }
      failure={failure}
      onSubmit={() => void submit()}
      onShown={(card) => onShown?.(card, field.current)}
      buttons={
        <>
          <Button size="sm" type="submit" disabled={value === "" || isSending}>
            Save secret
          </Button>
          <Button size="sm" variant="ghost" disabled={isSending} onClick={() => void send({ declined: true })}>
            Not now
          </Button>
        </>
      }
      onStop={onStop}
    >
      <p className="px-3 pt-1.5 text-sm leading-note break-words text-fg-1">{asked.reason}</p>
      <div className="px-3 pt-2">
        <PasswordInput
          ref={field}
          noun="value"
          aria-label={`Value of ${asked.secret_key}`}
          placeholder="Paste the value"
          autoComplete="off"
          value={value}
          onChange={(event) => setValue(event.target.value)}
        />
        <p className="pt-1 text-xs leading-note text-fg-2">
          {asked.container
            ? `Encrypted and saved as a secret of this project, for ${asked.container}. The agent and the model never see it.`
            : "Encrypted and saved as a secret of this project. The agent and the model never see it."}
        </p>
      </div>
    </Card>
  );
}

function Card({
  icon,
  kind,
  title,
  children,
  failure,
  buttons,
  onStop,
  onSubmit,
  onKey,
  onShown,
}: {
  icon: ReactNode;
  kind: string;
  title: ReactNode;
  children: ReactNode;
  failure: string | undefined;
  buttons: ReactNode;
  onStop: () => void;
  onSubmit: () => void;
  /** Keys pressed while focus is inside, or while nothing has the focus. */
  onKey?: (event: KeyboardEvent) => void;
  onShown: (card: HTMLElement) => void;
}) {
  const titleId = useId();
  const card = useRef<HTMLFormElement>(null);
  const onKeyDown = useHandler((event: KeyboardEvent) => onKey?.(event));
  useEffect(() => {
    const element = card.current;
    element?.addEventListener("keydown", onKeyDown);
    const unsubscribe = onUnfocusedKeys(onKeyDown);
    return () => {
      element?.removeEventListener("keydown", onKeyDown);
      unsubscribe();
    };
  }, [onKeyDown]);
  const show = useHandler(() => {
    if (card.current) onShown(card.current);
  });
  useEffect(show, [show]);
  return (
    <form
      ref={card}
      role="group"
      aria-labelledby={titleId}
      tabIndex={-1}
      data-testid="question-card"
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
      className="on-sheet overflow-hidden rounded-3 border border-l-3 border-line-0 border-l-warn! bg-bg-1 shadow-1 outline-none focus:ring focus:ring-fg-1 narrow:rounded-b-none narrow:border-l"
    >
      <div className="flex items-start gap-2 px-3 pt-2.25 text-sm narrow:text-lg">
        <b id={titleId} className="min-w-0 flex-1 font-semibold break-words whitespace-pre-wrap">
          {title}
        </b>
        <Pill tone="warn" icon={icon}>
          {kind}
        </Pill>
      </div>
      {children}
      {failure ? (
        <p role="alert" className="px-3 pt-2 text-xs text-err">
          {failure}
        </p>
      ) : null}
      <div className="flex flex-wrap items-center gap-1.5 px-3 pt-2.25 pb-2.5 narrow:[&>button]:h-11 narrow:[&>button]:flex-1 narrow:[&>button]:text-md">
        {buttons}
        <span className="flex-1 narrow:hidden" />
        <button type="button" className="link text-xs narrow:min-h-11 narrow:flex-none!" onClick={onStop}>
          Stop run
        </button>
      </div>
    </form>
  );
}
