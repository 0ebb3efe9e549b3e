import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Box, Check } from "lucide-react";
import { useState } from "react";
import type { BaseDetail } from "@tesslate/contract";
import { formatDateTime } from "../../lib/time.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { PictureButton } from "../../ui/PictureButton.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast, toastWithUndo } from "../../ui/toast.tsx";
import { useIsSignedIn } from "../users/index.ts";
import { ItemCover } from "./ItemCover.tsx";
import { About, ItemFrame, ItemHead, Names, ItemSection, Related, SignInAction } from "./ItemPage.tsx";
import { baseQuery, useAcquire, useRemoveFromLibrary, versionsQuery } from "./marketplace.queries.ts";
import { useBasePicture } from "./store.queries.ts";
import { priceOf } from "./price.ts";
import { Reviews } from "./Reviews.tsx";
import { UseBaseDialog } from "./UseBaseDialog.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const route = getRouteApi("/app/marketplace/base/$slug");

export function BasePage() {
  const { slug } = route.useParams();
  const query = useQuery(baseQuery(slug));
  return (
    <ItemFrame type="bases" query={query}>
      {(base) => <Base base={base} />}
    </ItemFrame>
  );
}

function Base({ base }: { base: BaseDetail }) {
  const acquire = useAcquire("bases");
  const remove = useRemoveFromLibrary("bases");
  const [isRemoving, setIsRemoving] = useState(false);
  /** The version to start from; null is the latest commit of the branch. */
  const [using, setUsing] = useState<string | null>();
  const isPaid = base.pricing_type !== "free";
  const isSignedIn = useIsSignedIn();
  const canUse = !isPaid || base.is_purchased || base.is_owner;
  return (
    <>
      <ItemHead
        item={base}
        price={priceOf(base)}
        actions={
          !isSignedIn ? (
            <SignInAction>Sign in to use this template</SignInAction>
          ) : (
            <>
              {base.is_purchased && !base.is_owner ? (
                <>
                  <Pill tone="ok" icon={<Check />}>
                    In your library
                  </Pill>
                  <Button variant="ghost" onClick={() => setIsRemoving(true)}>
                    Remove
                  </Button>
                </>
              ) : base.is_owner ? null : (
                <Button
                  {...(!canUse && { variant: "primary" as const })}
                  isLoading={acquire.isPending}
                  loadingWord={isPaid ? "Redirecting to checkout…" : "Adding…"}
                  onClick={() => acquire.mutate(base.id, { onSuccess: () => toast(`${base.name} added to your library.`) })}
                >
                  {isPaid ? "Buy" : "Add to library"}
                </Button>
              )}
              {canUse ? (
                <Button variant="primary" icon={<Box size={14} />} onClick={() => setUsing(null)}>
                  Use template
                </Button>
              ) : null}
            </>
          )
        }
      >
        <span>
          {base.template_slug
            ? "Included with this server, works offline"
            : base.source_type === "archive"
              ? "Created from a project, files stored on this server"
              : "Cloned from its repository when used"}
        </span>
        {base.visibility === "private" ? <span>Private: only you can see it</span> : null}
      </ItemHead>
      {acquire.error ? (
        <Banner tone="err" className="mt-4">
          <ErrorSentence of={acquire.error} />
        </Banner>
      ) : null}
      <ItemCover of={{ ...base, item_type: "base", stack: base.tech_stack }} className="mt-6 max-w-160 rounded-3 border border-line-0" />
      {base.is_owner ? <BasePicture base={base} /> : null}
      <About item={base} />
      {base.tech_stack.length > 0 ? (
        <ItemSection title="Tech stack">
          <Names names={base.tech_stack} />
        </ItemSection>
      ) : null}
      {base.features.length > 0 ? (
        <ItemSection title="Features">
          <Names names={base.features} />
        </ItemSection>
      ) : null}
      {base.git_repo_url ? <Versions base={base} {...(canUse && isSignedIn && { onUse: setUsing })} /> : null}
      <Reviews
        type="bases"
        id={base.id}
        canWrite={base.is_purchased && !base.is_owner}
        why={
          !isSignedIn
            ? "Sign in to review this template."
            : base.is_owner
              ? "You can't review your own template."
              : "Add this template to your library to review it."
        }
      />
      <Related type="bases" id={base.id} />
      {using === undefined ? null : <UseBaseDialog base={base} version={using} onClose={() => setUsing(undefined)} />}
      <ConfirmDialog
        isOpen={isRemoving}
        onOpenChange={setIsRemoving}
        title={`Remove ${base.name} from your library?`}
        confirmLabel="Remove"
        loadingWord="Removing…"
        onConfirm={async () => {
          await remove.mutateAsync(base.id);
          toastWithUndo(`${base.name} removed from your library.`, () => acquire.mutateAsync(base.id));
        }}
      >
        {isPaid ? "Existing projects aren't affected. You can add it again without paying." : "Existing projects aren't affected."}
      </ConfirmDialog>
    </>
  );
}

/** For the creator: replaces the picture of the template. */
function BasePicture({ base }: { base: BaseDetail }) {
  const { set, remove } = useBasePicture(base.id);
  const error = set.error ?? remove.error;
  return (
    <div className="mt-3 flex flex-wrap items-center gap-2">
      <PictureButton
        size="sm"
        label="Picture of the template"
        isLoading={set.isPending}
        disabled={remove.isPending}
        onFile={(file) => set.mutate(file, { onSuccess: () => toast("Picture saved.") })}
      >
        {base.pictures ? "Change picture" : "Upload picture"}
      </PictureButton>
      {base.pictures && base.template_slug === null ? (
        <Button
          size="sm"
          variant="ghost"
          disabled={set.isPending}
          isLoading={remove.isPending}
          loadingWord="Removing…"
          onClick={() => remove.mutate(undefined, { onSuccess: () => toast("Picture removed.") })}
        >
          Remove picture
        </Button>
      ) : null}
      {error ? (
        <p role="alert" className="w-full text-xs text-err">
          <ErrorSentence of={error} />
        </p>
      ) : null}
    </div>
  );
}

function Versions({ base, onUse }: { base: BaseDetail; onUse?: (version: string) => void }) {
  const { data, isPending } = useQuery(versionsQuery(base.slug));
  return (
    <ItemSection title="Versions">
      <p className="mb-2 text-xs text-fg-2">
        <a href={base.git_repo_url ?? ""} rel="nofollow ugc noopener noreferrer" target="_blank" className="link font-mono wrap-anywhere">
          {base.git_repo_url?.replace(/^https:\/\//, "").replace(/\.git$/, "")}
        </a>
        , branch <span className="font-mono">{base.default_branch}</span>
      </p>
      {isPending ? (
        <SkeletonRows count={2} label="Loading versions…" />
      ) : !data || data.status === "unavailable" ? (
        <p className="text-sm text-fg-2">Couldn't load versions. The repository didn't respond. Try again later.</p>
      ) : data.items.length === 0 ? (
        <p className="text-sm text-fg-2">No tagged versions. New projects use the latest commit of the branch.</p>
      ) : (
        <ul role="list" className="divide-y divide-line-0 border-y border-line-0">
          {data.items.map((version) => (
            <li key={version.tag} className="flex min-h-9 items-center gap-3 text-sm">
              <span className="min-w-0 flex-1 truncate font-mono text-xs text-fg-0">{version.tag}</span>
              <span className="font-mono text-xs text-fg-2">{version.sha}</span>
              {version.date ? <time className="text-xs text-fg-2 narrow:hidden">{formatDateTime(version.date)}</time> : null}
              {onUse ? (
                <Button size="sm" onClick={() => onUse(version.tag)} aria-label={`Use ${version.tag}`}>
                  Use
                </Button>
              ) : null}
            </li>
          ))}
        </ul>
      )}
    </ItemSection>
  );
}
