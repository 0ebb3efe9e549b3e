import { ArrowUp, AtSign, Check, ChevronDown, Code, Monitor, Paperclip, Plus, Smartphone, Tablet, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { Button } from "../../src/ui/Button.tsx";
import { Checkbox } from "../../src/ui/Checkbox.tsx";
import { Chip } from "../../src/ui/Chip.tsx";
import { CodeInput } from "../../src/ui/CodeInput.tsx";
import { ComposerBox } from "../../src/ui/ComposerBox.tsx";
import { CopyButton } from "../../src/ui/CopyButton.tsx";
import { Field } from "../../src/ui/Field.tsx";
import { IconButton } from "../../src/ui/IconButton.tsx";
import { Input } from "../../src/ui/Input.tsx";
import { Kbd, Kbds } from "../../src/ui/Kbd.tsx";
import { MeterRing } from "../../src/ui/MeterRing.tsx";
import { Card } from "../../src/ui/Panel.tsx";
import { PasswordInput } from "../../src/ui/PasswordInput.tsx";
import { SegmentedControl } from "../../src/ui/SegmentedControl.tsx";
import { Select } from "../../src/ui/Select.tsx";
import { Switch } from "../../src/ui/Switch.tsx";
import { TabPanel, Tabs } from "../../src/ui/Tabs.tsx";
import { Textarea } from "../../src/ui/Textarea.tsx";
import { Sample } from "./Sample.tsx";

export function ControlsSamples() {
  const [text, setText] = useState("Show the closing time next to the date");
  const [code, setCode] = useState("407");
  const [view, setView] = useState<"unified" | "split">("unified");
  const [device, setDevice] = useState<"desktop" | "tablet" | "phone">("desktop");
  const [isOn, setIsOn] = useState(true);
  const [tab, setTab] = useState("preview");
  const [model, setModel] = useState("b");
  const [long, setLong] = useState("Grows with its text.");
  return (
    <>
      <Sample title="Buttons" note="one orange per view">
        <div className="grid gap-2.5">
          <div className="flex flex-wrap items-center gap-2">
            <Button variant="primary" keys={<Kbds caps={["⌘", "↵"]} />}>
              Keep all
            </Button>
            <Button icon={<Plus size={14} />}>Plain</Button>
            <Button variant="ghost">Cancel</Button>
            <Button variant="danger">Suspend</Button>
            <Button disabled>Switch</Button>
            <Button size="sm" keys={<Kbd>Y</Kbd>}>
              Small
            </Button>
            <Button size="lg">Large</Button>
          </div>
          <div className="flex flex-wrap items-center gap-2">
            <Button variant="primary" isLoading loadingWord="Building">
              Build
            </Button>
            <Button isLoading loadingWord="Saving">
              Save
            </Button>
            <IconButton label="Attach">
              <Paperclip />
            </IconButton>
            <IconButton label="Pressed" isOn>
              <Code />
            </IconButton>
            <IconButton label="Small" size="sm">
              <AtSign size={14} />
            </IconButton>
            <IconButton label="Disabled" disabled>
              <Code />
            </IconButton>
            <CopyButton text="copied text" />
          </div>
          <div className="flex flex-wrap items-center gap-4">
            <Checkbox isChecked label="Checked" onChange={() => undefined} />
            <Checkbox isChecked="some" label="Some" onChange={() => undefined} />
            <Checkbox isChecked={false} label="Off" onChange={() => undefined} />
            <Switch isOn={isOn} onChange={setIsOn} label="Switch" />
            <Switch isOn={false} onChange={() => undefined} label="Off" isDisabled />
          </div>
        </div>
      </Sample>
      <Sample title="Fields" note="label, hint, error">
        <div className="grid gap-3">
          <Field label="Name" hint="Visible to everyone.">
            <Input defaultValue="Nadia" />
          </Field>
          <Field
            label="Password"
            aside={
              <a className="link" href="#forgot">
                Forgot it?
              </a>
            }
            error="Incorrect email, username or password."
          >
            <PasswordInput size="lg" defaultValue="wrong one" autoComplete="off" />
          </Field>
          <Field label="Code" error={code.length === 6 ? "The code is wrong or has expired." : undefined}>
            <CodeInput value={code} onChange={setCode} />
          </Field>
          <Field label="Model">
            <Select
              value={model}
              onChange={setModel}
              options={[
                { value: "a", label: "qwen3-coder", hint: "Ollama" },
                { value: "b", label: "claude-sonnet", hint: "Anthropic" },
                { value: "c", label: "not yet", isDisabled: true },
              ]}
            />
          </Field>
          <Field label="About">
            <Textarea value={long} onChange={(event) => setLong(event.target.value)} />
          </Field>
        </div>
      </Sample>
      <Sample title="Composer">
        <div className="grid gap-2">
          <ComposerBox
            value={text}
            onChange={setText}
            onSubmit={() => undefined}
            label="Message"
            placeholder="Say what to change"
            attachments={
              <Chip isMono onRemove={() => undefined} removeLabel="Remove order.tsx">
                order.tsx
              </Chip>
            }
            bar={
              <>
                <IconButton size="sm" label="Attach">
                  <Paperclip size={14} />
                </IconButton>
                <Button size="sm" variant="ghost">
                  Ask
                  <ChevronDown size={14} className="text-fg-3" />
                </Button>
                <span className="flex-1" />
                <MeterRing percent={38} label="Context used" />
                <IconButton label="Send" className="ml-1.5 bg-brand text-on-brand hover:bg-brand-hover hover:text-on-brand">
                  <ArrowUp />
                </IconButton>
              </>
            }
          />
          <ComposerBox
            value="A waiting list for the Saturday bread class…"
            onChange={() => undefined}
            onSubmit={() => undefined}
            label="Message without a model"
            notice={
              <>
                <TriangleAlert className="text-warn" />
                <span className="flex-1">
                  No model is connected. <span className="text-fg-2">Your draft is kept.</span>
                </span>
                <Button size="sm">Use demo</Button>
                <Button size="sm" variant="primary">
                  Connect
                </Button>
              </>
            }
          />
        </div>
      </Sample>
      <Sample title="Tabs and segments">
        <Card className="overflow-hidden rounded-4">
          <Tabs
            label="Views"
            value={tab}
            onChange={setTab}
            tabs={[
              { value: "preview", label: "Preview", icon: <Monitor size={14} /> },
              { value: "code", label: "Code", icon: <Code size={14} /> },
              { value: "review", label: "Review", icon: <Check size={14} />, count: 4 },
              { value: "problems", label: "Problems", icon: <TriangleAlert size={14} />, count: 1, isCountError: true },
            ]}
          >
            {["preview", "code", "review", "problems"].map((value) => (
              <TabPanel key={value} value={value} className="flex flex-wrap gap-2 p-3">
                <SegmentedControl
                  label="Diff"
                  value={view}
                  onChange={setView}
                  segments={[
                    { value: "unified", label: "Unified" },
                    { value: "split", label: "Split" },
                  ]}
                />
                <SegmentedControl
                  label="Device"
                  value={device}
                  onChange={setDevice}
                  segments={[
                    { value: "desktop", label: "Desktop", icon: <Monitor size={14} /> },
                    { value: "tablet", label: "Tablet 820", icon: <Tablet size={14} /> },
                    { value: "phone", label: "Phone 390", icon: <Smartphone size={14} /> },
                  ]}
                />
              </TabPanel>
            ))}
          </Tabs>
        </Card>
      </Sample>
    </>
  );
}
