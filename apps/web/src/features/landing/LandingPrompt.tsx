import { useNavigate } from "@tanstack/react-router";
import { Box, ChevronDown } from "lucide-react";
import type { Template } from "@tesslate/contract";
import { useImperativeHandle, useRef, useState, type Ref } from "react";
import { keepLocalDraft, readLocalDraft } from "../../lib/local-draft.ts";
import { useFirstFocus } from "../../lib/use-first-focus.ts";
import { Button } from "../../ui/Button.tsx";
import { ComposerBox } from "../../ui/ComposerBox.tsx";
import { Kbd } from "../../ui/Kbd.tsx";
import { Menu } from "../../ui/Menu.tsx";

export interface LandingPromptHandle {
  fill(text: string, base_id: string): void;
}

/** The prompt of a visitor, kept in this browser. Enter leads to registration, or where that is closed to sign-in; the account gets the prompt and runs it. */
export function LandingPrompt({
  templates,
  isSignUpClosed,
  ref,
}: {
  templates: readonly Template[];
  isSignUpClosed: boolean;
  ref: Ref<LandingPromptHandle>;
}) {
  const navigate = useNavigate();
  const box = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft] = useState<{ text: string; base_id: string | null }>(() => readLocalDraft(null) ?? { text: "", base_id: null });
  const template = templates.find((one) => one.slug === draft.base_id) ?? templates.find((one) => one.is_default) ?? templates[0];
  const write = (change: { text?: string; base_id?: string | null }, is_submitted = false) => {
    const { text, base_id } = { ...draft, ...change };
    setDraft({ text, base_id });
    keepLocalDraft({ user_id: null, text, base_id, is_submitted });
  };
  useFirstFocus(box);
  useImperativeHandle(ref, () => ({
    fill: (text, base_id) => {
      write({ text, base_id });
      box.current?.focus();
    },
  }));
  const isEmpty = !draft.text.trim();
  const build = () => {
    if (isEmpty) return box.current?.focus();
    write({}, true);
    void navigate({ to: isSignUpClosed ? "/login" : "/register" });
  };
  return (
    <ComposerBox
      size="hero"
      label="What do you want to build?"
      placeholder="A waiting list for the Saturday bread class: 12 places, people join by email…"
      value={draft.text}
      onChange={(text) => write({ text })}
      onSubmit={build}
      textareaRef={box}
      bar={
        <>
          {template ? (
            <Menu
              label="Start from"
              trigger={
                <Button size="sm" variant="ghost" icon={<Box size={14} />} aria-label={`Start from: ${template.name}`}>
                  <span className="whitespace-pre narrow:hidden">{"Start from: "}</span>
                  {template.name}
                  <ChevronDown size={14} className="text-fg-3" />
                </Button>
              }
              choice={{
                value: template.slug,
                onChange: (base_id) => write({ base_id }),
                options: templates.map((item) => ({ value: item.slug, label: item.name, hint: item.description })),
              }}
            />
          ) : null}
          <span className="flex-1" />
          <span className="mr-2 text-xs text-fg-2 narrow:hidden">{`You sign ${isSignUpClosed ? "in" : "up"} next. Your prompt is kept and runs.`}</span>
          <Button variant="primary" className="h-8" onClick={build} disabled={isEmpty} keys={<Kbd>↵</Kbd>}>
            Build
          </Button>
        </>
      }
    />
  );
}
