import type { ReactNode } from "react";
import { readLocalDraft } from "../../lib/local-draft.ts";
import { usePageTitle } from "../../lib/page-title.ts";
import { Thread, ThreadItem } from "../../ui/thread/index.ts";

const item = "pb-6.5 pl-12 narrow:pl-10";
const quoteLength = 120;

interface Prompt {
  text: string;
  is_submitted: boolean;
}

/** The sign-in pages: a line of steps with the server, the prompt that waits, and the steps given as children. `prompt`: default, the visitor's. */
export function AuthThread({ title, prompt, children }: { title: string; prompt?: Prompt | null; children: ReactNode }) {
  usePageTitle(title);
  const { text: draft = "", is_submitted = false } = (prompt === undefined ? readLocalDraft(null) : prompt) ?? {};
  return (
    <main id="main" className="scroll-y h-full overflow-x-hidden">
      <div className="grid min-h-full grid-cols-[minmax(0,420px)] content-center justify-center overflow-hidden px-4 py-8 break-words">
        <Thread>
          <ThreadItem bead="checkpoint" tone="now" beadYPx={13} className={`${item} before:top-[-60vh]`}>
            <h1 className="font-display text-[22px] leading-tight tracking-title">Tesslate Studio</h1>
            <p className="text-fg-2">{location.host}</p>
          </ThreadItem>
          {draft.trim() ? (
            <ThreadItem bead="message" className={item}>
              <p className="text-md leading-read text-fg-0">
                “{draft.length > quoteLength ? `${draft.slice(0, quoteLength).trimEnd()}…` : draft}”
              </p>
              <p className="mt-0.5 text-xs text-fg-2">
                {is_submitted ? "Your prompt is saved. It runs as soon as everything is ready." : "Your draft is saved."}
              </p>
            </ThreadItem>
          ) : null}
          {children}
        </Thread>
      </div>
    </main>
  );
}

/** The current step. */
export const LiveStep = ({ title, children }: { title: string; children: ReactNode }) => (
  <ThreadItem bead="live" line="live" className={item}>
    <h2 className="text-md leading-5.5">{title}</h2>
    {children}
  </ThreadItem>
);

/** A completed step. */
export const DoneStep = ({ children }: { children: ReactNode }) => (
  <ThreadItem bead="step" className={item}>
    <p className="leading-5.5 text-fg-2">{children}</p>
  </ThreadItem>
);

/** A later step; after the last one the line continues to the edge of the window. */
export const NextStep = ({ isLast = false, children, foot }: { isLast?: boolean; children: ReactNode; foot?: ReactNode }) => (
  <ThreadItem bead="next" line="next" className={isLast ? "pl-12 before:bottom-auto before:h-screen narrow:pl-10" : item}>
    <p className="leading-5.5 text-fg-2">{children}</p>
    {foot ? <p className="mt-3.5 text-xs text-fg-2">{foot}</p> : null}
  </ThreadItem>
);
