import type { Deployment, LaunchCheck } from "@tesslate/contract";
import { useState, type ReactNode } from "react";
import { formatDateTime } from "../../lib/time.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Checkbox } from "../../ui/Checkbox.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { useDeploys } from "./deploys-context.ts";
import { isPreview, versionName, providerTitle, safeUrl, shortUrl, makeLiveWords } from "./deployments.ts";
import { useProviderInfo } from "./use-credentials.ts";
import { blockersOf, checkName } from "./launch-report.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

interface DialogProps {
  deployment: Deployment;
  onClose: () => void;
}
const siteOf = ({ metadata, provider }: Deployment): string => `${metadata.container_name} on ${providerTitle(provider)}`;

export function RollbackDialog({
  deployment,
  live,
  onClose,
  onBegun,
}: DialogProps & { live: Deployment | undefined; onBegun: (deployment: Deployment) => void }) {
  const { rollBack } = useDeploys();
  const address = safeUrl(live?.deployment_url ?? deployment.deployment_url);
  const site = address ? shortUrl(address) : siteOf(deployment);
  const words = makeLiveWords(deployment, live);
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
      title={`${words.action}?`}
      confirmLabel={words.action}
      loadingWord={words.progress}
      onConfirm={async () => onBegun(await rollBack(deployment))}
    >
      {live
        ? `${site} will serve ${versionName(deployment)} from ${formatDateTime(deployment.created_at)} instead of ${versionName(live)}.`
        : `${site} will serve ${versionName(deployment)} from ${formatDateTime(deployment.created_at)}.`}{" "}
      Nothing is rebuilt. The project's files and database aren't affected.
    </ConfirmDialog>
  );
}

const offline = "This version is live. Deleting it takes your site offline.";

export function DeleteDeploymentDialog({ deployment, onClose, onGone }: DialogProps & { onGone: () => void }) {
  const { remove } = useDeploys();
  const { provider } = deployment;
  const name = versionName(deployment);
  const info = useProviderInfo(provider);
  const [choice, setIsAtProvider] = useState<boolean>();
  // Deleting what is live is never the default, nor deleting a whole site. Until the provider is known, the server decides.
  const isAtProvider = choice ?? (deployment.is_live ? false : info && !info.removes_whole_site);
  // Where a provider has no single deployments, a preview cannot be deleted. Files on this server are deleted with the row.
  const hasRemote =
    info !== undefined &&
    (deployment.remote_id !== null || deployment.deployment_url !== null) &&
    !(info.removes_whole_site && isPreview(deployment));
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
      title={`Delete ${name}?`}
      confirmLabel={`Delete ${name}`}
      loadingWord="Deleting…"
      isDanger
      onConfirm={async () => {
        await remove(deployment, isAtProvider);
        onGone();
      }}
    >
      <span className="grid gap-3">
        <span>
          This deletes the deployment with its log and launch report. This can't be undone.
          {provider === "local" && deployment.is_live ? ` ${offline}` : ""}
        </span>
        {hasRemote ? (
          <Switch
            isOn={isAtProvider === true}
            onChange={setIsAtProvider}
            label={`Also delete from ${providerTitle(provider)}`}
            hint={
              deployment.is_live
                ? offline
                : info.removes_whole_site
                  ? `${providerTitle(provider)} deletes the whole site, including the live version.`
                  : "The URL of this deployment stops working."
            }
          />
        ) : null}
      </span>
    </ConfirmDialog>
  );
}

/** The failed checks that block; each is accepted separately. */
function Blockers({
  deployment,
  agreed,
  onAgreed,
}: {
  deployment: Deployment;
  agreed: readonly LaunchCheck[];
  onAgreed: (agreed: readonly LaunchCheck[]) => void;
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
              rule === "secrets" ? (
                <>
                  <b>{checkName[rule]}</b>: anyone who opens the site can read them
                </>
              ) : (
                <b>{checkName[rule]}</b>
              )
            }
          />
          <p className="pl-5.75 text-xs text-fg-2">{deployment.report?.rules.find((row) => row.rule === rule)?.summary}</p>
        </li>
      ))}
    </ul>
  );
}

/** Confirms a promotion; issues of the last launch gate can be accepted. */
export function PromoteDialog({
  deployment,
  live,
  onClose,
  onBegun,
}: DialogProps & { live: Deployment | undefined; onBegun: (deployment: Deployment) => void }) {
  const { promote } = useDeploys();
  const [agreed, setAgreed] = useState<readonly LaunchCheck[]>([]);
  const isBlocked = deployment.report?.is_blocked === true;
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
      title={`Promote ${versionName(deployment)} to production?`}
      confirmLabel={`Promote ${versionName(deployment)}`}
      loadingWord="Promoting…"
      onConfirm={async () => onBegun(await promote(deployment, agreed))}
    >
      <span className="grid gap-3">
        <span>
          {live
            ? `${siteOf(deployment)} will serve ${versionName(deployment)} instead of ${versionName(live)}.`
            : `${siteOf(deployment)} will serve ${versionName(deployment)}.`}{" "}
          {deployment.metadata.mode === "source"
            ? `${providerTitle(deployment.provider)} rebuilds the same source. The launch gate checks it again first.`
            : "Nothing is rebuilt. The launch gate checks it again first."}
        </span>
        {isBlocked ? <span>Checks failed last time. Select any issues you want to ignore:</span> : null}
      </span>
      {isBlocked ? <Blockers deployment={deployment} agreed={agreed} onAgreed={setAgreed} /> : null}
    </ConfirmDialog>
  );
}

/** Deploys despite failed blocking checks; each of them must be accepted. */
export function AnywayDialog({ deployment, onClose, onBegun }: DialogProps & { onBegun: (deployment: Deployment) => void }) {
  const { start, requestOf } = useDeploys();
  const blockers = deployment.report ? blockersOf(deployment.report) : [];
  const [agreed, setAgreed] = useState<readonly LaunchCheck[]>([]);
  const [failure, setFailure] = useState<ReactNode>();
  const [isWorking, setIsWorking] = useState(false);
  const { request, isWhole } = requestOf(deployment);
  const go = async () => {
    setIsWorking(true);
    setFailure(undefined);
    try {
      onBegun(await start({ ...request, ignore_rules: [...agreed] }));
      onClose();
    } catch (error) {
      setFailure(<ErrorSentence of={error} />);
      setIsWorking(false);
    }
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen && !isWorking) onClose();
      }}
      title="Deploy despite failed checks?"
      description="This rebuilds and deploys with the issues below. Select the ones you accept."
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button
            variant="danger"
            disabled={agreed.length < blockers.length}
            isLoading={isWorking}
            loadingWord="Deploying…"
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
          Only the project's variables are included. Variables added only for {versionName(deployment)} weren't saved. To add them again,
          deploy from the form.
        </p>
      ) : null}
    </Dialog>
  );
}
