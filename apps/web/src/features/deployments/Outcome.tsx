import type { Deployment } from "@tesslate/contract";
import { CircleCheck, CircleX, ExternalLink, QrCode as QrIcon } from "lucide-react";
import { Suspense, useState } from "react";
import { lazyComponent } from "../../lib/chunks.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { isPreview, versionName, issueLocation, safeUrl, shortUrl } from "./deployments.ts";

const QrCode = lazyComponent(async () => (await import("../../ui/QrCode.tsx")).QrCode);

const failedAt: Record<NonNullable<Deployment["metadata"]["failure"]>["step"], string> = {
  prepare: "Failed during preparation.",
  install: "Failed while installing packages.",
  build: "Failed during the build.",
  collect: "Failed while collecting the build output.",
  gate: "Failed at the launch gate.",
  upload: "Failed during the upload.",
  provider: "Failed at the provider.",
  smoke: "Failed in the smoke test.",
};

/** The result of a deployment; renders nothing while it runs. */
export function Outcome({ deployment, onOpenFile }: { deployment: Deployment; onOpenFile: (place: string) => void }) {
  const [isCodeShown, setIsCodeShown] = useState(false);
  const url = safeUrl(deployment.deployment_url);
  const { failure, rollback_of: from } = deployment.metadata;
  if (deployment.status === "failed") {
    const place = issueLocation(failure);
    return (
      <section
        role="alert"
        aria-label="Outcome"
        className="flex flex-none gap-2.5 border-t border-line-0 bg-err-soft px-5 py-3 text-sm narrow:px-4"
      >
        <CircleX size={16} className="mt-0.5 flex-none text-err" />
        <div className="min-w-0 flex-1">
          <p className="font-medium text-fg-0">{failure ? failedAt[failure.step] : "Failed before going live."}</p>
          {deployment.error ? <p className="max-h-32 scroll-y break-words whitespace-pre-wrap text-fg-1">{deployment.error}</p> : null}
          {place ? (
            <button type="button" className="link mt-0.5 max-w-full truncate font-mono text-xs" onClick={() => onOpenFile(place)}>
              {place}
            </button>
          ) : null}
        </div>
      </section>
    );
  }
  if (deployment.status !== "success") return null;
  return (
    <section aria-label="Outcome" className="flex-none border-t border-line-0 px-5 py-3 text-sm narrow:px-4">
      <p className="flex items-center gap-2 text-fg-0">
        <CircleCheck size={16} className="flex-none text-ok" />
        <span className="font-medium">
          {isPreview(deployment)
            ? `${versionName(deployment)} is available as a preview.`
            : deployment.is_live
              ? `${versionName(deployment)} is live.`
              : `${versionName(deployment)} was replaced by a later version.`}
          {from === null ? "" : ` Rolled back to v${from}.`}
        </span>
      </p>
      {deployment.error ? (
        <p role="alert" className="mt-1 max-h-32 scroll-y pl-6 break-words whitespace-pre-wrap text-err">
          {deployment.error}
        </p>
      ) : null}
      {url ? (
        <div className="mt-1.5 flex flex-wrap items-center gap-1 pl-6">
          <a href={url} target="_blank" rel="noopener noreferrer" className="link min-w-0 truncate font-mono text-xs">
            {shortUrl(url)}
          </a>
          <CopyButton text={url} label="Copy URL" />
          <Button size="sm" variant="ghost" asChild>
            <a href={url} target="_blank" rel="noopener noreferrer">
              <ExternalLink size={14} />
              Open
            </a>
          </Button>
          <Button
            size="sm"
            variant="ghost"
            icon={<QrIcon size={14} />}
            aria-expanded={isCodeShown}
            onClick={() => setIsCodeShown(!isCodeShown)}
          >
            QR code
          </Button>
        </div>
      ) : null}
      {url && isCodeShown ? (
        <div className="mt-2 flex items-center gap-3 pl-6">
          <Suspense fallback={<Skeleton className="size-44" />}>
            <QrCode text={url} label={`QR code of ${shortUrl(url)}`} />
          </Suspense>
          <p className="max-w-[26ch] text-xs text-fg-2">Scan with your phone to open the site.</p>
        </div>
      ) : null}
    </section>
  );
}
