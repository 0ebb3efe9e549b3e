/** Colors of themes and their contrast. */

/** Channels 0..1, alpha 0..1. */
export interface Rgb {
  r: number;
  g: number;
  b: number;
  a: number;
}
const clamp = (value: number) => Math.min(1, Math.max(0, value));
/** An sRGB channel as light. */
export const toLinear = (v: number) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);

/** Reads `#rgb[a]`, `#rrggbb[aa]`, `rgb[a](…)`, `hsl[a](…)` and `transparent`; undefined for anything else. */
export function parseColor(text: string): Rgb | undefined {
  const value = text.trim().toLowerCase();
  if (value === "transparent") return { r: 0, g: 0, b: 0, a: 0 };
  const hex = /^#([0-9a-f]{3,8})$/.exec(value)?.[1];
  if (hex) {
    const wide = hex.length <= 4 ? [...hex].map((digit) => digit + digit).join("") : hex;
    if (wide.length !== 6 && wide.length !== 8) return undefined;
    const at = (index: number) => parseInt(wide.slice(index, index + 2), 16) / 255;
    return { r: at(0), g: at(2), b: at(4), a: wide.length === 8 ? at(6) : 1 };
  }
  const call = /^(rgb|hsl)a?\(([^)]+)\)$/.exec(value);
  if (!call) return undefined;
  const parts = (call[2] ?? "").split(/[\s,/]+/).filter(Boolean);
  if (parts.length < 3) return undefined;
  const number = (part: string | undefined, scale: number) => {
    const n = parseFloat(part ?? "");
    return Number.isFinite(n) ? clamp(part?.endsWith("%") ? n / 100 : n / scale) : Number.NaN;
  };
  const alpha = parts[3] === undefined ? 1 : number(parts[3], 1);
  if (call[1] === "rgb") {
    const rgb = { r: number(parts[0], 255), g: number(parts[1], 255), b: number(parts[2], 255), a: alpha };
    return Object.values(rgb).some(Number.isNaN) ? undefined : rgb;
  }
  const hue = (((parseFloat(parts[0] ?? "") % 360) + 360) % 360) / 30;
  const s = number(parts[1], 100);
  const l = number(parts[2], 100);
  const channel = (n: number) => {
    const k = (n + hue) % 12;
    return l - s * Math.min(l, 1 - l) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  };
  const rgb = { r: channel(0), g: channel(8), b: channel(4), a: alpha };
  return Object.values(rgb).some(Number.isNaN) ? undefined : rgb;
}

/** Lays a translucent colour over an opaque ground. */
export function over(top: Rgb, ground: Rgb): Rgb {
  const blend = (t: number, g: number) => t * top.a + g * (1 - top.a);
  return { r: blend(top.r, ground.r), g: blend(top.g, ground.g), b: blend(top.b, ground.b), a: 1 };
}

function luminance({ r, g, b }: Rgb): number {
  return 0.2126 * toLinear(r) + 0.7152 * toLinear(g) + 0.0722 * toLinear(b);
}

/** WCAG contrast ratio of two opaque colours, 1..21. */
export function contrast(a: Rgb, b: Rgb): number {
  const x = luminance(a);
  const y = luminance(b);
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}
