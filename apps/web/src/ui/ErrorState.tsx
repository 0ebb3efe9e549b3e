import { CircleX, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "../lib/cx.ts";
import { Button } from "./Button.tsx";
import { HelpLink } from "./HelpLink.tsx";

export interface ErrorStateProps {
  /** "Couldn't load X". */
  title: string;
  /** The reason, as a sentence. */
  children?: ReactNode;
  onRetry?: () => void;
  isRetrying?: boolean;
  /** Behind "Details": request id, stack, code. */
  details?: string | undefined;
  /** The help about this error. */
  help?: string | undefined;
  /** More buttons after Retry. */
  action?: ReactNode;
  className?: string;
}

/** Shown in place of what failed: reason, Retry, details. */
export function ErrorState({ title, children, onRetry, isRetrying = false, details, help, action, className }: ErrorStateProps) {
  return (
    <div role="alert" className={cx("flex max-w-full min-w-0 flex-col items-start gap-3 p-6 wrap-anywhere", className)}>
      <div className="flex items-start gap-2">
        <CircleX className="mt-0.5 flex-none text-err" />
        <div className="min-w-0">
          <h2 className="text-md">{title}</h2>
          {children ? <div className="mt-1 max-w-[60ch] text-sm leading-read text-fg-2">{children}</div> : null}
        </div>
      </div>
      <div className="flex flex-wrap gap-2 pl-6">
        {onRetry ? (
          <Button icon={<RotateCw size={14} />} onClick={onRetry} isLoading={isRetrying} loadingWord="Retrying…">
            Retry
          </Button>
        ) : null}
        {action}
        {help ? <HelpLink to={help} /> : null}
      </div>
      {details ? (
        <details className="w-full pl-6 text-xs text-fg-2">
          <summary className="cursor-default">Details</summary>
          <pre className="mt-2 max-h-48 scroll-y rounded-2 border border-line-0 bg-bg-2 p-2 whitespace-pre-wrap text-fg-1">{details}</pre>
        </details>
      ) : null}
    </div>
  );
}
