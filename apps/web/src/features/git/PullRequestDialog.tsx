import { useQuery } from "@tanstack/react-query";
import type { GitLink, GitProvider, GitPull, GitStatus } from "@tesslate/contract";
import { ExternalLink } from "lucide-react";
import { useId, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { hasCode } from "../../lib/errors.ts";
import { useServices } from "../../project/services.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm, type Form } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { ConnectForm, gitProvidersQuery, providerOfAddress, BranchSelect } from "../git-accounts/index.ts";
import type { GitActions } from "./use-git-actions.ts";

/** Creates a pull request for the current branch on the host. Pushes unpushed commits first. */
export function PullRequestDialog({
  status,
  link,
  actions,
  onClose,
}: {
  status: GitStatus;
  link: GitLink;
  actions: GitActions;
  onClose: () => void;
}) {
  const providers = useQuery(gitProvidersQuery);
  const found = providers.data && providerOfAddress(providers.data, link.repo_url);
  const account = found?.provider.accounts.find(({ base_url }) => base_url === found.base_url);
  const word = found?.provider.name === "gitlab" ? "merge request" : "pull request";
  const formId = useId();
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}
      title={`Create ${word}`}
      {...(found?.provider.can.browse && account && { description: `From ${status.branch} in ${link.repo_owner}/${link.repo_name}.` })}
    >
      {!providers.data ? (
        providers.error ? (
          <LoadFailed className="p-0!" title="Couldn't load Git accounts" of={providers} />
        ) : (
          <SkeletonRows count={4} label="Loading Git accounts…" />
        )
      ) : !found?.provider.can.browse || link.repo_owner === null || link.repo_name === null ? (
        <p className="leading-read text-fg-2">
          This remote isn't on a known GitHub, GitLab, Bitbucket or Gitea host. Push the branch, then create the {word} on the host's
          website.
        </p>
      ) : account ? (
        <RequestForm
          formId={formId}
          provider={found.provider}
          base_url={account.base_url}
          status={status}
          link={link}
          actions={actions}
          word={word}
          onClose={onClose}
        />
      ) : (
        <div className="grid gap-3">
          <p className="text-fg-1">Connect your account on {URL.parse(found.base_url)?.host} first.</p>
          <ConnectForm provider={found.provider} host={found.base_url} onConnected={() => undefined} />
        </div>
      )}
    </Dialog>
  );
}

function RequestForm({
  formId,
  provider,
  base_url,
  status: { branch, ahead, remote_branch, last_commit },
  link,
  actions,
  word,
  onClose,
}: {
  formId: string;
  provider: GitProvider;
  base_url: string;
  status: GitStatus;
  link: GitLink;
  actions: GitActions;
  word: string;
  onClose: () => void;
}) {
  const { api } = useServices();
  const [made, setMade] = useState<GitPull>();
  const owner = link.repo_owner ?? "";
  const repo = link.repo_name ?? "";
  const needsPush = ahead > 0 || remote_branch === null;
  const form: Form<{ title: string; body: string; base: string }> = useForm({
    start: { title: last_commit?.message.slice(0, 250) ?? "", body: "", base: link.default_branch },
    check: ({ title, base }) => {
      if (title.trim() === "") return { title: "Enter a title." };
      return base === branch ? { base: "A branch can't be merged into itself. Choose another base branch." } : {};
    },
    submit: async ({ title, body, base }) => {
      if (needsPush) await actions.pushNow();
      setMade(
        await api.gitProviders.createPull({
          params: { provider: provider.name, owner, repo },
          query: { base_url },
          body: { title: title.trim(), head: branch, base, ...(body.trim() !== "" && { body: body.trim() }) },
        }),
      );
    },
    faultsOf: (error) => {
      if (hasCode(error, "push_rejected")) return { "": "The remote branch has commits that you don't have locally. Pull first." };
      if (hasCode(error, "not_found"))
        return { "": `Repository or branch ${form.values.base} not found, or your account can't access it.` };
      return undefined;
    },
  });
  const { errors } = form;
  if (made)
    return (
      <div className="grid gap-3">
        <Banner>
          {provider.name === "gitlab"
            ? `Merge request !${made.number} created: ${made.title}`
            : `Pull request #${made.number} created: ${made.title}`}
        </Banner>
        <div className="flex flex-wrap justify-end gap-2">
          <Button variant="ghost" onClick={onClose}>
            Close
          </Button>
          <Button variant="primary" asChild>
            <a href={made.web_url} target="_blank" rel="noreferrer">
              <ExternalLink size={14} />
              View {word}
            </a>
          </Button>
        </div>
      </div>
    );
  return (
    <form id={formId} noValidate onSubmit={form.onSubmit} className="grid gap-4">
      <Field label="Title" error={errors.title}>
        <Input {...form.text("title")} autoComplete="off" maxLength={250} autoFocus />
      </Field>
      <Field label="Description" hint="Supports Markdown." error={errors.body}>
        <Textarea {...form.text("body")} maxLength={60_000} maxHeightPx={200} />
      </Field>
      <Field label="Base branch" error={errors.base}>
        <BranchSelect
          picked={{ place: { provider: provider.name, base_url }, repo: { owner, name: repo, default_branch: link.default_branch } }}
          {...form.choice("base")}
        />
      </Field>
      {needsPush ? (
        <p className="text-xs text-fg-2">
          {remote_branch === null ? "The branch will be published first." : `${counted(ahead, "commit")} will be pushed first.`}
        </p>
      ) : null}
      {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
      <div className="flex justify-end gap-2">
        <Button variant="ghost" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" variant="primary" isLoading={form.isSubmitting} loadingWord="Creating…">
          Create {word}
        </Button>
      </div>
    </form>
  );
}
