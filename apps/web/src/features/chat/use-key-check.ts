import type { MessageSecret } from "@tesslate/contract/message-secrets";
import { useEffect, useRef, useState, type RefObject } from "react";
import { loadWithRetry, preload } from "../../lib/chunks.ts";
import { useHandler } from "../../lib/use-handler.ts";

const load = async () => (await import("@tesslate/contract/message-secrets")).findMessageSecrets;
/** Every key is a long run of such characters, a URL, or assigned to a name. Other messages are sent without loading the detector. */
const mayContain = /[\w+/.~-]{16}|:\/\/|[A-Za-z_]\w{2,}["']?\s{0,8}[=:]\s{0,8}\S{8}/;

/** Keys that were found in the draft, or in a long text that is pasted and becomes an attachment. */
export interface KeyFinding<W> {
  found: readonly MessageSecret[];
  /** How the person wanted to send the draft; undefined: they only pasted into it. */
  way: W | undefined;
  pasted: string | undefined;
}

/** The text with the names of secrets in place of their values; `NAME=value` becomes the name. */
export function withNames(text: string, found: readonly MessageSecret[], names: readonly string[]): string {
  const [first = ""] = names;
  const named = found.reduce((before, { value }, index) => {
    const name = names[index] ?? "";
    return before.replaceAll(value, name).replace(new RegExp(`\\b${name}["']?[ \\t]*[=:][ \\t]*["']?${name}["']?`, "g"), name);
  }, text);
  return named.trim() === first ? `${first} is stored as a secret of this project.` : named;
}

/**
 * Asks before keys and passwords are sent. `writtenFor`: the name of the secret that was requested when the draft was written; such a draft
 * counts as its value, whatever it looks like.
 */
export function useKeyCheck<W>({
  box,
  draft,
  writtenFor,
  announce,
}: {
  box: RefObject<HTMLTextAreaElement | null>;
  draft: string;
  writtenFor: string | undefined;
  announce: (text: string) => void;
}) {
  const [finding, setFinding] = useState<KeyFinding<W>>();
  const isChecking = useRef(false);
  useEffect(() => preload(load), []);

  const find = async (text: string): Promise<readonly MessageSecret[]> => {
    const found = mayContain.test(text) ? (await loadWithRetry(load))(text) : [];
    if (found.length > 0 || writtenFor === undefined || text === "") return found;
    return [{ what: `the value of ${writtenFor}`, name: writtenFor, value: text, at: 0 }];
  };
  const checkDraft = useHandler(async () => {
    const text = box.current?.value ?? "";
    const found = await find(text.trim()).catch(() => []);
    if (box.current?.value !== text) return;
    if (found.length > 0 && !finding) announce("This looks like a key. You can store it as a secret instead of sending it.");
    setFinding((now) => {
      if (now?.pasted !== undefined) return now;
      return found.length > 0 ? { found, way: now?.way, pasted: undefined } : undefined;
    });
  });
  // While it asks about the draft, the draft may change.
  const isAboutDraft = finding !== undefined && finding.pasted === undefined;
  useEffect(() => {
    if (isAboutDraft) void checkDraft();
  }, [isAboutDraft, draft, checkDraft]);

  return {
    /** What to ask about. */
    finding,
    clear: () => setFinding(undefined),
    /** Looks at the draft after something was pasted into it. */
    checkDraft,
    /** Whether the text may be sent; if not, it asks. False also while an earlier check is open. Rejects with `ChunkLoadError`. */
    maySend: async (text: string, way: W): Promise<boolean> => {
      if (isChecking.current) return false;
      isChecking.current = true;
      try {
        const found = await find(text);
        if (found.length > 0) setFinding({ found, way, pasted: undefined });
        // The person may have gone on typing meanwhile.
        return found.length === 0 && (box.current?.value ?? text).trim() === text;
      } finally {
        isChecking.current = false;
      }
    },
    /** Whether a pasted text may be attached; if not, it asks. */
    mayAttach: async (pasted: string): Promise<boolean> => {
      const found = mayContain.test(pasted)
        ? await loadWithRetry(load).then(
            (detect) => detect(pasted),
            () => [],
          )
        : [];
      if (found.length > 0) setFinding({ found, way: undefined, pasted });
      return found.length === 0;
    },
  };
}
