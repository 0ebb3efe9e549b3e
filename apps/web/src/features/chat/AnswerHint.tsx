import { Button } from "../../ui/Button.tsx";

/** Something that the run waits for and that the composer can give. */
export type Asked =
  | {
      kind: "question";
      id: string;
      /** Sends the text as the answer. */
      answer: (text: string) => Promise<{ code: string; message: string } | undefined>;
    }
  | {
      kind: "secret";
      id: string;
      secretKey: string;
      /** Puts the value into the field of the card, without saving it. */
      fill: (value: string) => void;
    };

/** Above the composer while a question or a secret request waits: what Enter does with the text, and the alternative. */
export function AnswerHint({
  id,
  asked,
  isDraftOlder,
  isEmpty,
  onMessage,
  onAnswer,
  onFill,
}: {
  /** For `aria-describedby`. */
  id: string;
  asked: Asked;
  /** The text was begun before the question: Enter does with it what it did then. */
  isDraftOlder: boolean;
  isEmpty: boolean;
  onMessage: () => void;
  onAnswer: () => void;
  onFill: () => void;
}) {
  const action =
    asked.kind === "secret"
      ? { label: "Move to secret field", run: onFill }
      : isDraftOlder
        ? { label: "Send as answer", run: onAnswer }
        : { label: "Send as message", run: onMessage };
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-x-2 px-1 pb-1.5 text-xs text-fg-1">
      <span id={id} className="min-w-0 flex-1 basis-40 leading-[1.45]">
        {asked.kind === "secret" ? (
          <>
            The agent waits for <span className="font-mono">{asked.secretKey}</span>.{" "}
            {isDraftOlder ? "Your message stays here until then." : "Enter moves your text to its field."}
          </>
        ) : isDraftOlder ? (
          "You started this text before the question. Enter sends it as a message."
        ) : (
          "Enter sends your text as the answer to the question."
        )}
      </span>
      {isEmpty ? null : (
        <Button size="sm" variant="ghost" className="flex-none" onClick={action.run}>
          {action.label}
        </Button>
      )}
    </div>
  );
}
