import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { FilePlus2, Search } from "lucide-react";
import { useRef, type KeyboardEvent } from "react";
import { cx } from "../../lib/cx.ts";
import { useFirstFocus } from "../../lib/use-first-focus.ts";
import { useSearchText } from "../../lib/use-search-text.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { templatesQuery } from "../../project/projects.queries.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Page } from "../../ui/page/Page.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { basesQuery, categoryName, itemsPerPage, priceOf } from "../marketplace/index.ts";
import { usePreparation } from "../preparation/index.ts";
import { ImportButton, ImportDrop } from "../projects/index.ts";
import { cardAt, galleryContentsOf, firstStartOf, matchingTemplates } from "./gallery.ts";
import type { NewProjectSearch } from "./new-project-search.ts";
import { ScreenshotButton } from "./ScreenshotButton.tsx";
import { StartCard, startGrid } from "./StartCard.tsx";
import { StartPicture } from "./StartPicture.tsx";
import { BaseSheet, TemplateSheet } from "./StartSheet.tsx";

const route = getRouteApi("/app/new");
const sourceButton = "h-9 justify-start narrow:h-11 narrow:flex-1";
/** The template without code. */
const blankSlug = "blank";

/** What a project can start from: the bundled templates, those of the store, nothing, an import or a screenshot. */
export function NewProjectPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { q, category, page } = search;
  const box = useRef<HTMLInputElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const templates = useQuery(templatesQuery);
  const store = useQuery(basesQuery({ q, category, page }));
  const preparation = usePreparation();
  const change = (next: NewProjectSearch) =>
    void navigate({ search: (before) => ({ ...before, page: undefined, ...next }), replace: true });
  const close = () => void navigate({ search: (before) => ({ ...before, template: undefined, base: undefined }), resetScroll: false });

  useFirstFocus(box);
  useShortcuts({ "new-project.search": () => box.current?.focus() });
  const [text, setText] = useSearchText(q ?? "", (words) => change({ q: words || undefined }));

  const all = templates.data?.items ?? [];
  const shown = matchingTemplates(all, q, category);
  // The bundled templates are in the store too.
  const others = (store.data?.items ?? []).flatMap((item) => ("tech_stack" in item && !item.tags.includes("bundled") ? [item] : []));
  const categories = [
    ...new Set([...all.map((template) => template.category), ...(store.data?.facets.category ?? []).map(({ value }) => value)]),
  ];
  const opened = all.find(({ slug }) => slug === search.template);
  const hasBlank = all.some(({ slug }) => slug === blankSlug);

  const cards = () => [...(body.current?.querySelectorAll<HTMLElement>("[data-start]") ?? [])];
  const moveTo = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const links = cards();
    const from = links.findIndex((link) => link === event.target);
    if (from < 0) return;
    const to = cardAt(
      links.map((link) => (link.closest("article") ?? link).getBoundingClientRect()),
      from,
      event.key,
    );
    if (to !== from) links[to]?.focus();
    else if (event.key === "ArrowUp") box.current?.focus();
    else return;
    event.preventDefault();
  };

  return (
    <Page title="New project" heading="New project">
      <div ref={body} role="presentation" onKeyDown={moveTo}>
        <ImportDrop on={body} />
        {templates.isSuccess && search.template !== undefined && !opened ? (
          <Banner tone="warn" className="mb-4 narrow:mt-2" action={<Button onClick={close}>Dismiss</Button>}>
            This server has no template “{search.template}”.
          </Banner>
        ) : null}
        <div className="flex flex-wrap items-center gap-2 pb-4 narrow:pt-2">
          {hasBlank ? (
            <Link
              to="/new"
              search={(before) => ({ ...before, template: blankSlug, base: undefined })}
              className={cx(buttonClass(), sourceButton)}
            >
              <FilePlus2 size={14} />
              Blank project
            </Link>
          ) : null}
          <ScreenshotButton className={sourceButton} />
          <ImportButton className={sourceButton} />
          <span className="text-xs text-fg-2 narrow:hidden">Or paste an image, or drop a folder or a zip archive here.</span>
        </div>
        <div className="flex flex-wrap items-center gap-2 pb-5" role="search" aria-label="Templates">
          <Input
            ref={box}
            size="sm"
            isSoft
            type="search"
            aria-label="Search templates"
            placeholder="React, PostgreSQL, landing page…"
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              const [first] = cards();
              if (event.key !== "ArrowDown" || !first) return;
              event.preventDefault();
              first.focus();
            }}
            leading={<Search size={14} className="flex-none text-fg-3" />}
            boxClassName="max-w-72 narrow:max-w-none"
          />
          <div
            role="group"
            aria-label="Category"
            className="flex min-w-0 flex-1 flex-wrap gap-1 narrow:-mx-4 narrow:basis-full narrow:flex-nowrap narrow:overflow-x-auto narrow:px-4 narrow:py-1 narrow:[scrollbar-width:none]"
          >
            {[undefined, ...categories].map((one) => (
              <Button
                key={one ?? ""}
                size="sm"
                variant="ghost"
                aria-pressed={category === one}
                className={cx(category === one && "bg-bg-3 text-fg-0")}
                onClick={() => change({ category: one })}
              >
                {one === undefined ? "All" : categoryName(one)}
              </Button>
            ))}
          </div>
        </div>

        {templates.isPending ? (
          <div role="status" aria-busy="true" aria-label="Loading templates…" className={startGrid}>
            {Array.from({ length: 6 }, (_, index) => (
              <Skeleton key={index} className="h-72 rounded-3" />
            ))}
          </div>
        ) : templates.isError ? (
          <LoadFailed title="Couldn't load templates" of={templates} />
        ) : shown.length > 0 && page === undefined ? (
          <section aria-labelledby="bundled-templates" className="mb-8">
            <h2 id="bundled-templates" className="mb-3 text-sm">
              Included
            </h2>
            <div className={startGrid}>
              {shown.map((template) => {
                const firstStart = firstStartOf(template.slug, preparation);
                return (
                  <StartCard
                    key={template.slug}
                    name={template.name}
                    picture={<StartPicture pictures={template.pictures} category={template.category} stack={template.stack} />}
                    description={template.description}
                    contents={galleryContentsOf(template)}
                    foot={firstStart === undefined ? [] : [firstStart]}
                    opens={{ template: template.slug }}
                  />
                );
              })}
            </div>
          </section>
        ) : null}

        {store.isError && !store.data ? (
          <LoadFailed title="Couldn't load templates of the store" of={store} />
        ) : others.length > 0 ? (
          <section aria-labelledby="store-templates">
            <div className="mb-3 flex h-6 items-center">
              <h2 id="store-templates" className="flex-1 text-sm">
                From the store
              </h2>
              <Link to="/marketplace" search={{ type: "bases", ...(q && { q }) }} className={buttonClass({ variant: "ghost", size: "sm" })}>
                Open store
              </Link>
            </div>
            <div className={startGrid}>
              {others.map((base) => (
                <StartCard
                  key={base.id}
                  name={base.name}
                  picture={
                    <StartPicture pictures={base.pictures} image={base.preview_image} category={base.category} stack={base.tech_stack} />
                  }
                  description={base.description}
                  contents={[...base.tech_stack, ...base.features]}
                  foot={[
                    priceOf(base),
                    base.source_type === "git"
                      ? "First start clones it and installs its dependencies"
                      : "First start installs its dependencies",
                  ]}
                  opens={{ base: base.slug }}
                />
              ))}
            </div>
          </section>
        ) : null}

        {templates.isSuccess && store.isSuccess && shown.length === 0 && others.length === 0 ? (
          <EmptyState
            title={q ? `No results for “${q}”` : "No results"}
            action={
              <Button
                onClick={() => {
                  setText("");
                  change({ q: undefined, category: undefined });
                }}
              >
                Clear filters
              </Button>
            }
          />
        ) : null}
        {store.data ? (
          <Pager
            list={store.data}
            page={page ?? 1}
            perPage={itemsPerPage}
            onPage={(next) => change({ page: next > 1 ? next : undefined })}
            className="mt-8 justify-center"
          />
        ) : null}
      </div>
      {opened ? (
        <TemplateSheet key={opened.slug} template={opened} firstStart={firstStartOf(opened.slug, preparation)} onClose={close} />
      ) : search.base !== undefined ? (
        <BaseSheet key={search.base} slug={search.base} onClose={close} />
      ) : null}
    </Page>
  );
}
