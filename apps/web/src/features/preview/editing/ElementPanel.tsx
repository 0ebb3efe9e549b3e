import { Redo2, Sparkles, Undo2, X } from "lucide-react";
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode, type RefObject } from "react";
import type { ElementEditReason, InspectedElement, PageElement } from "@tesslate/contract";
import { cx } from "../../../lib/cx.ts";
import { useIsNarrow } from "../../../lib/use-is-narrow.ts";
import { useShortcuts } from "../../../lib/use-shortcuts.ts";
import { useWorkbenchActions } from "../../../project/workbench-actions.ts";
import type { ShortcutId } from "../../../shortcuts.ts";
import { Banner } from "../../../ui/Banner.tsx";
import { Button } from "../../../ui/Button.tsx";
import { Field } from "../../../ui/Field.tsx";
import { IconButton } from "../../../ui/IconButton.tsx";
import { Input } from "../../../ui/Input.tsx";
import { ShortcutKeys } from "../../../ui/ShortcutKeys.tsx";
import { LoadFailed } from "../../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../../ui/Skeleton.tsx";
import { Spinner } from "../../../ui/Spinner.tsx";
import { Textarea } from "../../../ui/Textarea.tsx";
import { useOpenPreview } from "../open-preview.ts";
import type { ElementSelection } from "../use-preview.ts";
import { ClassList } from "./ClassList.tsx";
import { ImageSource } from "./ImageSource.tsx";
import { LeftToAgent } from "./LeftToAgent.tsx";
import { panelPlace } from "./panel-place.ts";
import { repetitionOf } from "./repetition.ts";
import { StyleControls } from "./StyleControls.tsx";
import { reasonTexts, useElementEdit, type ElementEditing } from "./use-element-edit.ts";

const panelWidth = 320;
const keys = (id: ShortcutId) => <ShortcutKeys id={id} />;

/** What can be changed of the selected element: beside it, or a sheet on phones. */
export function ElementPanel({ selection, area }: { selection: ElementSelection; area: RefObject<HTMLElement | null> }) {
  const { container, preview, frameRef, askAboutElement } = useOpenPreview();
  const isNarrow = useIsNarrow();
  const { element } = selection;
  const directory = container?.directory ?? ".";
  const [place, setPlace] = useState<{ left: number; top: number; maxHeight: number }>();
  useLayoutEffect(() => {
    const [box, frame] = [area.current?.getBoundingClientRect(), frameRef.current?.getBoundingClientRect()];
    if (box && frame) setPlace(panelPlace(element.rect, frame, box, panelWidth));
  }, [area, frameRef, element]);
  const close = () => {
    preview.deselect();
    document.querySelector<HTMLElement>("[data-picks-element]")?.focus();
  };
  const title = `<${element.tag}>`;
  const facts = element.edit;
  const content = facts ? (
    <EditableElement start={inProject(facts, directory)} title={title} onClose={close} onAsk={askAboutElement} />
  ) : (
    <Frame title={title} onClose={close} onAsk={() => askAboutElement("")}>
      <p className="text-fg-2">The preview sent nothing that can be edited. Ask the agent to change this element.</p>
    </Frame>
  );
  // On a phone a sheet that leaves the page above it visible: what is changed must be seen.
  return (
    <section
      aria-label={`Edit ${title}`}
      data-testid="element-panel"
      style={isNarrow ? undefined : { width: panelWidth, ...(place ?? { left: 8, top: 8 }) }}
      className={cx(
        "flex flex-col overflow-hidden border-line-0 bg-bg-1 text-sm shadow-3",
        isNarrow
          ? "on-sheet anim-sheet-bottom fixed inset-x-0 bottom-0 z-40 max-h-[55dvh] rounded-t-4 border-t pt-2 pb-[env(safe-area-inset-bottom)]"
          : "anim-menu absolute z-20 rounded-3 border",
      )}
    >
      {content}
    </section>
  );
}

/** The element with paths in the project: the page knows those in the folder of its container. */
function inProject(facts: Omit<PageElement, "directory">, directory: string): PageElement {
  const folder = directory === "." ? "" : `${directory}/`;
  return { ...facts, directory, origins: facts.origins.map((origin) => ({ ...origin, file: folder + origin.file })) };
}

/** Title, content and footer of the panel. */
function Frame({
  title,
  source,
  onClose,
  onAsk,
  editing,
  children,
}: {
  title: string;
  source?: { path: string; line: number } | undefined;
  onClose: () => void;
  onAsk: () => void;
  editing?: ElementEditing;
  children: ReactNode;
}) {
  const box = useRef<HTMLDivElement>(null);
  useShortcuts(
    {
      "element.undo": () => editing?.undo(),
      "element.redo": () => editing?.redo(),
      "element.close": onClose,
    },
    box,
    { isForUnfocused: true },
  );
  // The click that selected left the focus in the app, where Esc and Tab would not reach the panel.
  useEffect(() => box.current?.focus({ preventScroll: true }), []);
  return (
    <div ref={box} tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none">
      <div className="flex flex-none items-center gap-2 px-3 pt-2.5 pb-1.5 narrow:px-4 narrow:pt-0">
        <h2 className="flex-none font-mono text-sm font-medium text-fg-0">{title}</h2>
        {source ? <SourceLink {...source} /> : <span className="flex-1" />}
        <IconButton label="Close" size="sm" tooltipSide="none" onClick={onClose}>
          <X size={14} />
        </IconButton>
      </div>
      <div className="scroll-y flex min-h-0 flex-1 flex-col gap-3 px-3 pb-3 narrow:px-4">{children}</div>
      <div className="flex flex-none items-center gap-1 border-t border-line-0 px-2 py-1.5 narrow:px-3 narrow:py-2">
        <Button size="sm" variant="ghost" icon={<Sparkles size={14} />} onClick={onAsk}>
          Ask the agent
        </Button>
        <span className="flex-1" />
        {editing ? (
          <>
            <span role="status" className="text-xs text-fg-2">
              {editing.isSaving ? <Spinner word="Saving…" isWordHidden /> : null}
            </span>
            <IconButton
              label="Undo"
              size="sm"
              keys={keys("element.undo")}
              tooltipSide="top"
              disabled={!editing.canUndo}
              onClick={editing.undo}
            >
              <Undo2 size={14} />
            </IconButton>
            <IconButton
              label="Redo"
              size="sm"
              keys={keys("element.redo")}
              tooltipSide="top"
              disabled={!editing.canRedo}
              onClick={editing.redo}
            >
              <Redo2 size={14} />
            </IconButton>
          </>
        ) : null}
      </div>
    </div>
  );
}

/** Where the element is in the source. The file's name and the line stay visible: the folder is cut first. */
function SourceLink({ path, line }: { path: string; line: number }) {
  const { openFile } = useWorkbenchActions();
  const name = `${path}:${line}`;
  const slash = path.lastIndexOf("/");
  return (
    <button
      type="button"
      className="flex min-w-0 flex-1 font-mono text-xs text-fg-2 underline-offset-2 hover:text-fg-0 hover:underline"
      title={name}
      aria-label={name}
      onClick={() => openFile(name)}
    >
      {slash > 0 ? <span className="min-w-0 truncate">{path.slice(0, slash)}</span> : null}
      <span className="flex max-w-full flex-none">
        <span className="min-w-0 truncate">{path.slice(Math.max(0, slash))}</span>
        <span className="flex-none">:{line}</span>
      </span>
    </button>
  );
}

const attributeLabels = {
  href: "Link address",
  placeholder: "Placeholder",
  title: "Title",
  "aria-label": "Accessible name",
  alt: "Alternative text",
} as const;

function EditableElement({
  start,
  title,
  onClose,
  onAsk,
}: {
  start: PageElement;
  title: string;
  onClose: () => void;
  onAsk: (text: string) => void;
}) {
  const editing = useElementEdit(start);
  // A phone's keyboard would cover the page.
  const isNarrow = useIsNarrow();
  const { element, inspected, change, version } = editing;
  const { data } = inspected;
  const parts = data ? partsOf(data) : [];
  const first = parts.find(({ reason }) => reason === null);
  const source = first && first.path !== null && first.line !== null ? { path: first.path, line: first.line } : undefined;
  /** All parts have the same reason: it is said once. */
  const common = parts.length > 0 && !first ? parts[0]?.reason : undefined;
  const repetition = data ? repetitionOf(element, data) : undefined;
  const repetitionNote = repetition ? <p className="text-xs text-fg-2">{repetition.note}</p> : null;
  const isImage = element.attributes.src !== undefined && /^(?:img|video|source)$/.test(element.tag);
  return (
    <Frame title={title} source={source} onClose={onClose} onAsk={() => onAsk("")} editing={editing}>
      {editing.error ? <Banner tone="err">{editing.error}</Banner> : null}
      {inspected.error && !data ? (
        <LoadFailed title="Couldn't inspect this element" of={inspected} />
      ) : !data ? (
        <SkeletonRows count={4} label="Finding this element in the source…" />
      ) : common ? (
        <p className="text-fg-2">
          {reasonTexts[common]} {common === "changed" ? null : "Ask the agent to change this element."}
        </p>
      ) : (
        <>
          {repetition?.isOfAll ? repetitionNote : null}
          {element.texts.map((value, index) => (
            <TextField
              key={index}
              label={element.texts.length > 1 ? `Text ${index + 1}` : "Text"}
              value={value}
              version={version}
              reason={data.texts[index]?.reason ?? null}
              takesFocus={index === 0 && !isNarrow}
              onChange={(next) => change({ type: "text", index, value: next }, { isTyping: true })}
              onDone={editing.flush}
              onAsk={() => onAsk(`Change the text “${shortened(value)}” of this element to `)}
            />
          ))}
          {data.attributes.map(({ name, reason }) => {
            const value = element.attributes[name] ?? "";
            if (name === "src" && !isImage) return null;
            return name === "src" ? (
              <ImageSource
                key={`src ${version}`}
                value={value}
                reason={reason}
                directory={element.directory}
                isHtml={element.origins.length === 0}
                onChange={(next) => change({ type: "attribute", name, value: next })}
                onAsk={() => onAsk("Change the image of this element to ")}
              />
            ) : (
              <AttributeField
                key={name}
                label={attributeLabels[name]}
                value={value}
                version={version}
                reason={reason}
                onChange={(next) => change({ type: "attribute", name, value: next }, { isTyping: true })}
                onDone={editing.flush}
                onAsk={() => onAsk(`Change the ${attributeLabels[name].toLowerCase()} “${shortened(value)}” of this element to `)}
              />
            );
          })}
          {repetition?.isOfAll ? null : repetitionNote}
          {data.has_tailwind ? <StyleControls element={element} inspected={data} onChange={change} /> : null}
          <ClassList element={element} inspected={data} onChange={change} onAsk={onAsk} />
        </>
      )}
    </Frame>
  );
}

const partsOf = ({ texts, classes, new_class: newClass, attributes }: InspectedElement) => [...texts, ...attributes, ...classes, newClass];
const shortened = (text: string) => {
  const shown = text.replace(/\s+/g, " ").trim();
  return shown.length > 60 ? `${shown.slice(0, 59)}…` : shown;
};

/** The text of a field while it is edited; from the element again when it changed by anything but typing. */
function useDraft(value: string, version: number) {
  const [draft, setDraft] = useState({ text: value, version });
  if (draft.version !== version) setDraft({ text: value, version });
  return [draft.text, (text: string) => setDraft({ text, version })] as const;
}

function TextField({
  label,
  value,
  version,
  reason,
  takesFocus,
  onChange,
  onDone,
  onAsk,
}: {
  label: string;
  value: string;
  version: number;
  reason: ElementEditReason | null;
  takesFocus: boolean;
  onChange: (value: string) => void;
  onDone: () => void;
  onAsk: () => void;
}) {
  const [text, setText] = useDraft(value.replace(/\s+/g, " ").trim(), version);
  const isEmpty = text.trim() === "";
  return (
    <Field
      label={label}
      hint={reason ? <LeftToAgent reason={reason} onAsk={onAsk} /> : undefined}
      error={isEmpty ? "Enter a text. To remove the element, ask the agent." : undefined}
    >
      <Textarea
        value={text}
        rows={1}
        maxHeightPx={160}
        readOnly={reason !== null}
        autoFocus={takesFocus && reason === null}
        onFocus={(event) => event.target.select()}
        className="text-sm read-only:bg-bg-2 read-only:text-fg-2"
        onChange={(event) => {
          const next = event.target.value.replace(/\n/g, " ");
          setText(next);
          if (next.trim() !== "") onChange(next);
        }}
        onBlur={onDone}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
          event.preventDefault();
          onDone();
        }}
      />
    </Field>
  );
}

function AttributeField({
  label,
  value,
  version,
  reason,
  onChange,
  onDone,
  onAsk,
}: {
  label: string;
  value: string;
  version: number;
  reason: ElementEditReason | null;
  onChange: (value: string) => void;
  onDone: () => void;
  onAsk: () => void;
}) {
  const [text, setText] = useDraft(value, version);
  return (
    <Field label={label} hint={reason ? <LeftToAgent reason={reason} onAsk={onAsk} /> : undefined}>
      <Input
        value={text}
        size="sm"
        readOnly={reason !== null}
        spellCheck={false}
        className="read-only:text-fg-2"
        onChange={(event) => {
          setText(event.target.value);
          onChange(event.target.value);
        }}
        onBlur={onDone}
        onKeyDown={(event) => {
          if (event.key === "Enter") onDone();
        }}
      />
    </Field>
  );
}
