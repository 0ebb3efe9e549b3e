import { Button } from "../../ui/Button.tsx";
import { Input } from "../../ui/Input.tsx";
import { Pill } from "../../ui/Pill.tsx";

const ink = (name: string) => ({ color: `var(--syntax-${name})` });

/** Samples of everything a theme colors, in the theme of the page. */
export function ThemeSample() {
  return (
    <div aria-hidden="true" inert className="grid gap-3 rounded-3 border border-line-0 bg-bg-0 p-3">
      <div className="grid gap-2 rounded-3 border border-line-0 bg-bg-1 p-3">
        <p className="text-fg-0">Heading on a card</p>
        <p className="text-sm text-fg-1">Body text with secondary details.</p>
        <p className="text-xs text-fg-3">Hint, 2 min. ago</p>
        <div className="flex flex-wrap gap-2">
          <Button variant="primary" size="sm">
            Save
          </Button>
          <Button size="sm">Cancel</Button>
          <Pill tone="ok">Running</Pill>
          <Pill tone="warn">Slow</Pill>
          <Pill tone="err">Failed</Pill>
          <Pill tone="info">New</Pill>
        </div>
        <Input placeholder="Placeholder" readOnly />
      </div>
      <pre className="overflow-hidden rounded-2 border border-line-0 bg-bg-1 p-3 font-mono text-xs leading-read">
        <span style={ink("keyword")}>const</span> <span style={ink("function")}>greet</span> <span style={ink("operator")}>=</span>{" "}
        <span style={ink("punctuation")}>(</span>
        <span style={ink("variable")}>name</span>
        <span style={ink("punctuation")}>:</span> <span style={ink("type")}>string</span>
        <span style={ink("punctuation")}>)</span> <span style={ink("operator")}>{"=>"}</span>
        {"\n  "}
        <span style={ink("string")}>{'"hello "'}</span> <span style={ink("operator")}>+</span> <span style={ink("variable")}>name</span>
        {"\n"}
        <span style={ink("comment")}>{"// 42 greetings"}</span>
      </pre>
      <pre className="overflow-hidden rounded-2 border border-line-0 bg-term-bg p-3 font-mono text-xs leading-read text-term-fg">
        <span style={{ color: "var(--term-green)" }}>ready</span> in 240 ms{"\n"}
        <span style={{ color: "var(--term-yellow)" }}>warn</span> one thing, <span style={{ color: "var(--term-red)" }}>error</span> another
      </pre>
    </div>
  );
}
