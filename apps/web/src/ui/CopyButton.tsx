import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { IconButton } from "./IconButton.tsx";

const shownMs = 1600;

/** Copies `text` and shows "Copied" for a moment. */
export function CopyButton({ text, label = "Copy", size = "sm" }: { text: string | (() => string); label?: string; size?: "sm" | "md" }) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), shownMs);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "function" ? text() : text);
      setState("copied");
    } catch {
      setState("failed");
    }
  };
  return (
    <>
      <IconButton
        label={state === "copied" ? "Copied" : state === "failed" ? "Couldn't copy" : label}
        size={size}
        onClick={() => void copy()}
      >
        {state === "copied" ? <Check size={14} className="text-ok" /> : <Copy size={14} />}
      </IconButton>
      <span role="status" className="sr-only">
        {state === "copied" ? "Copied" : ""}
      </span>
    </>
  );
}
