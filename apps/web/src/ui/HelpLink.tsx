import { Link } from "@tanstack/react-router";
import { CircleQuestionMark, ExternalLink } from "lucide-react";
import { createContext, use, type ReactNode } from "react";
import { codeOfError, helpOfCode } from "../lib/error-help.ts";
import { sentenceOf } from "../lib/errors.ts";
import { buttonClass, type ButtonSize } from "./Button.tsx";

/** Whether the reader can open `/help`: visitors can only where the server shows a landing page. */
export const HelpAccess = createContext(true);

/** An address in the help, as a link takes it. */
export const helpTarget = (help: string) => {
  const [to = "", hash] = help.split("#");
  return { to, ...(hash !== undefined && { hash }) };
};

/** Leads to the help about an error. */
export const HelpLink = ({ to, size = "md" }: { to: string; size?: ButtonSize }) =>
  use(HelpAccess) ? (
    <Link {...helpTarget(to)} className={buttonClass({ variant: "ghost", size })}>
      <CircleQuestionMark size={14} aria-hidden="true" />
      Learn more
    </Link>
  ) : null;

/** A sentence about an error, with a link to the help about its code in a new tab: what was typed, and what is open, stays. */
export function WithHelp({ code, children }: { code: string; children: ReactNode }) {
  const help = helpOfCode(code);
  const canOpen = use(HelpAccess);
  if (help === undefined || !canOpen) return children;
  return (
    <>
      {children}{" "}
      <Link
        {...helpTarget(help)}
        target="_blank"
        className="inline-flex items-baseline gap-1 whitespace-nowrap text-fg-1 underline underline-offset-2 hover:text-fg-0"
      >
        Learn more
        <ExternalLink size={11} className="translate-y-px" role="img" aria-label="(opens in a new tab)" />
      </Link>
    </>
  );
}

/** As `WithHelp`, for sentences that may have no code. */
export const withHelp = (code: string | undefined, sentence: ReactNode): ReactNode =>
  code === undefined ? sentence : <WithHelp code={code}>{sentence}</WithHelp>;

/** What went wrong, with a link to the help about it. `before`: a sentence that says which action failed. */
export function ErrorSentence({ of: error, before }: { of: unknown; before?: string }) {
  const sentence = before === undefined ? sentenceOf(error) : `${before} ${sentenceOf(error)}`;
  return withHelp(codeOfError(error), sentence);
}
