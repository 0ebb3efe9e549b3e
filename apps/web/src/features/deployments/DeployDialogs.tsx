import type { Deployment, LaunchRule } from "@tesslate/contract";
import { useState } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { momentOf } from "../../lib/time.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Checkbox } from "../../ui/Checkbox.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { useDeploys } from "./deploys-context.ts";
import { isPreview, nameOf, placeName, safeUrl, shortUrl } from "./deployments.ts";
import { blockersOf, ruleName } from "./launch-report.ts";

interface DialogProps {
  deployment: Deployment;
  onClose: () => void;
}
const inWords = async <T,>(work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw new Error(sentenceOf(error), { cause: error });
  });

/** Asks once, and says what becomes live. */
export function RollbackDialog({
  deployment,
  live,
  onClose,
  onBegun,
}: DialogProps & { live: Deployment | undefined; onBegun: (deployment: Deployment) => void }) {
  const { rollBack } = useDeploys();
  const address = safeUrl(live?.deployment_url ?? deployment.deployment_url);
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
      title={`Make ${nameOf(deployment)} live again?`}
      act={`Roll back to ${nameOf(deployment)}`}
      actWord="Rolling back"
      onConfirm={async () => onBegun(await inWords(rollBack(deployment)))}
    >
      {address ? `${shortUrl(address)} ` : `${deployment.metadata.container_name} at ${placeName(deployment.provider)} `}
      shows {nameOf(deployment)} of {momentOf(deployment.created_at)}
      {live ? ` instead of ${nameOf(live)}` : " again"}. Nothing is built anew; the project's files and its database stay as they are.
      {live ? ` ${nameOf(live)} stays here, and can be made live again in the same way.` : ""}
    </ConfirmDialog>
  );
}

export function DeleteDialog({ deployment, onClose, onGone }: DialogProps & { onGone: () => void }) {
  const { remove } = useDeploys();
  const { provider } = deployment;
  const name = nameOf(deployment);
  // Cloudflare knows no single deployments: there it would be the whole site.
  const [isAtProvider, setIsAtProvider] = useState(provider !== "cloudflare" && !deployment.is_live);
  // Nor can a preview be deleted there. What is on this server goes with its row.
  const hasRemote =
    provider !== "local" &&
    (deployment.remote_id !== null || deployment.deployment_url !== null) &&
    !(provider === "cloudflare" && isPreview(deployment));
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
      title={`Delete ${name}?`}
      act="Delete"
      actWord="Deleting"
      isDanger
      onConfirm={async () => {
        await inWords(remove(deployment, isAtProvider));
        onGone();
      }}
    >
      <span className="grid gap-3">
        <span>
          Its log and its report are gone for good. It cannot be made live again.
          {provider === "local" && deployment.is_live ? " It is live: visitors would find nothing any more." : ""}
        </span>
        {hasRemote ? (
          <Switch
            isOn={isAtProvider}
            onChange={setIsAtProvider}
            label={`Delete it at ${placeName(provider)} too`}
            hint={
              deployment.is_live
                ? "It is live: visitors would find nothing any more."
                : provider === "cloudflare"
                  ? "There it is the whole site, whichever version is live."
                  : "Its own address there stops working."
            }
          />
        ) : null}
      </span>
    </ConfirmDialog>
  );
}

/** Each rule that kept it back is agreed to by itself. */
function Blockers({
  deployment,
  agreed,
  onAgreed,
}: {
  deployment: Deployment;
  agreed: readonly LaunchRule[];
  onAgreed: (agreed: readonly LaunchRule[]) => void;
}) {
  const blockers = deployment.report ? blockersOf(deployment.report) : [];
  return (
    <ul className="grid gap-3">
      {blockers.map((rule) => (
        <li key={rule}>
          <Checkbox
            isChecked={agreed.includes(rule)}
            onChange={(isChecked) => onAgreed(isChecked ? [...agreed, rule] : agreed.filter((other) => other !== rule))}
            label={
              <>
                <b>{ruleName[rule]}</b>
                {rule === "secrets" ? ": everybody who opens the site can read them" : ""}
              </>
            }
          />
          <p className="pl-[23px] text-xs text-fg-2">{deployment.report?.rules.find((row) => row.rule === rule)?.summary}</p>
        </li>
      ))}
    </ul>
  );
}

/** Asks once, and says what becomes live; what the launch gate found last can be accepted. */
export function PromoteDialog({
  deployment,
  live,
  onClose,
  onBegun,
}: DialogProps & { live: Deployment | undefined; onBegun: (deployment: Deployment) => void }) {
  const { promote } = useDeploys();
  const [agreed, setAgreed] = useState<readonly LaunchRule[]>([]);
  const isBlocked = deployment.report?.is_blocked === true;
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
      title={`Promote ${nameOf(deployment)} to production?`}
      act={`Promote ${nameOf(deployment)}`}
      actWord="Promoting"
      onConfirm={async () => onBegun(await inWords(promote(deployment, agreed)))}
    >
      <span className="grid gap-3">
        <span>
          {deployment.metadata.container_name} at {placeName(deployment.provider)} shows {nameOf(deployment)}
          {live ? ` instead of ${nameOf(live)}` : ""}.{" "}
          {deployment.provider === "vercel" && deployment.metadata.mode === "source"
            ? "Vercel builds the same sources once more"
            : "Nothing is built anew"}
          ; the launch gate looks at it once more first.
        </span>
        {isBlocked ? <span>The gate kept it back the last time. Say which of these faults you accept, if any:</span> : null}
      </span>
      {isBlocked ? <Blockers deployment={deployment} agreed={agreed} onAgreed={setAgreed} /> : null}
    </ConfirmDialog>
  );
}

/** Goes out although rules that block have failed: each of them is named and agreed to by itself. */
export function AnywayDialog({ deployment, onClose, onBegun }: DialogProps & { onBegun: (deployment: Deployment) => void }) {
  const { start, requestOf } = useDeploys();
  const blockers = deployment.report ? blockersOf(deployment.report) : [];
  const [agreed, setAgreed] = useState<readonly LaunchRule[]>([]);
  const [failure, setFailure] = useState<string>();
  const [isWorking, setIsWorking] = useState(false);
  const { request, isWhole } = requestOf(deployment);
  const go = async () => {
    setIsWorking(true);
    setFailure(undefined);
    try {
      onBegun(await start({ ...request, ignore_rules: [...agreed] }));
      onClose();
    } catch (error) {
      setFailure(sentenceOf(error));
      setIsWorking(false);
    }
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen && !isWorking) onClose();
      }}
      title="Deploy although the launch gate says no?"
      description="It is built anew and goes out with these faults. Say which of them you accept."
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button
            variant="danger"
            disabled={agreed.length < blockers.length}
            isLoading={isWorking}
            loadingWord="Starting"
            onClick={() => void go()}
          >
            Deploy anyway
          </Button>
        </>
      }
    >
      {failure ? (
        <Banner tone="err" className="mb-3">
          {failure}
        </Banner>
      ) : null}
      <Blockers deployment={deployment} agreed={agreed} onAgreed={setAgreed} />
      {!isWhole && deployment.metadata.env_names.length > 0 ? (
        <p className="mt-3 text-xs text-fg-2">
          Only the project's own variables go along: what was typed in for {nameOf(deployment)} alone is kept nowhere. To add it again, use
          the form.
        </p>
      ) : null}
    </Dialog>
  );
}
