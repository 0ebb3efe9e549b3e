import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Check, Copy, Palette, Pencil } from "lucide-react";
import type { StoreTheme } from "@tesslate/contract";
import { useTheme } from "../../theme/theme-choice.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { toastError, toastWithUndo } from "../../ui/toast.tsx";
import { ThemePreview, useApplyTheme, useThemeActions } from "../themes/index.ts";
import { useIsSignedIn } from "../users/index.ts";
import { ItemFrame, ItemHead, ItemSection, SignInAction } from "./ItemPage.tsx";
import { themePageQuery } from "./marketplace.queries.ts";
import { priceOf } from "./price.ts";

const route = getRouteApi("/app/marketplace/theme/$id");

export function ThemePage() {
  const { id } = route.useParams();
  const query = useQuery(themePageQuery(id));
  return (
    <ItemFrame type="themes" query={query}>
      {(theme) => <Theme theme={theme} />}
    </ItemFrame>
  );
}

const hasWords = { dark: "Dark theme", light: "Light theme" };

function Theme({ theme }: { theme: StoreTheme }) {
  return (
    <>
      <ItemHead
        item={theme}
        price={priceOf(theme)}
        actions={useIsSignedIn() ? <Actions theme={theme} /> : <SignInAction>Sign in to use this theme</SignInAction>}
      >
        <span>{hasWords[theme.mode]}</span>
      </ItemHead>
      <ThemePreview theme={theme} className="mt-6 max-w-160" />
      <Palettes theme={theme} />
    </>
  );
}

/** Applying a theme of someone else adds it to the library, so that it stays when it is unpublished. */
function Actions({ theme }: { theme: StoreTheme }) {
  const navigate = route.useNavigate();
  const { choice } = useTheme();
  const { apply } = useApplyTheme();
  const { fork, addToLibrary, removeFromLibrary } = useThemeActions();
  const isOthers = theme.creator_type === "community" && !theme.is_owner;
  const isApplied = (choice[theme.mode]?.id ?? `default-${theme.mode}`) === theme.id;
  const add = (onSuccess: () => void) => addToLibrary.mutate(theme.id, { onSuccess, onError: (error) => toastError(error) });
  const use = () => void apply({ ...theme, author: theme.creator_name, swatches: theme.swatches ?? swatchesOf(theme), origin: "library" });
  return (
    <>
      {theme.is_owner ? (
        <Link to="/settings/look/$themeId" params={{ themeId: theme.id }} className={buttonClass()}>
          <Pencil size={14} />
          Edit theme
        </Link>
      ) : (
        <Button
          icon={<Copy size={14} />}
          isLoading={fork.isPending}
          loadingWord="Copying…"
          onClick={() =>
            fork.mutate(
              { id: theme.id },
              {
                onSuccess: (made) => void navigate({ to: "/settings/look/$themeId", params: { themeId: made.id } }),
                onError: (error) => toastError(error),
              },
            )
          }
        >
          Customize theme
        </Button>
      )}
      {!isOthers ? null : theme.is_purchased ? (
        <>
          <Pill tone="ok" icon={<Check />}>
            In your library
          </Pill>
          <Button
            variant="ghost"
            isLoading={removeFromLibrary.isPending}
            loadingWord="Removing…"
            onClick={() =>
              removeFromLibrary.mutate(theme.id, {
                onSuccess: () => toastWithUndo(`${theme.name} removed from your library.`, () => addToLibrary.mutateAsync(theme.id)),
                onError: (error) => toastError(error),
              })
            }
          >
            Remove
          </Button>
        </>
      ) : (
        <Button isLoading={addToLibrary.isPending} loadingWord="Adding…" onClick={() => add(() => undefined)}>
          Add to library
        </Button>
      )}
      <Button
        variant="primary"
        icon={isApplied ? <Check size={14} /> : <Palette size={14} />}
        disabled={isApplied}
        onClick={() => (isOthers && !theme.is_purchased ? add(use) : use())}
      >
        {isApplied ? "Applied" : "Apply theme"}
      </Button>
    </>
  );
}

const swatchesOf = ({ colors: { primary, accent, background, surface } }: StoreTheme) => ({ primary, accent, background, surface });

/** The main colors by name. */
function Palettes({ theme: { colors } }: { theme: StoreTheme }) {
  const shown = [
    ["Background", colors.background],
    ["Surface", colors.surface],
    ["Text", colors.text],
    ["Primary", colors.primary],
    ["Accent", colors.accent],
    ["Success", colors.status.success],
    ["Warning", colors.status.warning],
    ["Error", colors.status.error],
  ];
  return (
    <ItemSection title="Colors">
      <dl className="grid max-w-160 grid-cols-[repeat(auto-fill,minmax(130px,1fr))] gap-3">
        {shown.map(([name, color]) => (
          <div key={name} className="relative min-h-8 pl-10.5">
            <dt className="text-xs text-fg-2">{name}</dt>
            <dd className="truncate font-mono text-xs text-fg-0">
              <span
                aria-hidden="true"
                className="absolute top-0 left-0 size-8 rounded-2 border border-line-1 forced-color-adjust-none"
                style={{ background: color }}
              />
              {color}
            </dd>
          </div>
        ))}
      </dl>
    </ItemSection>
  );
}
