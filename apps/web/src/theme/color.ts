import { contrast, toLinear, type Rgb } from "@tesslate/contract";

/** Colour arithmetic for themes: sRGB in, OKLCH inside, sRGB hex out. All pure. */

interface Oklch {
  l: number;
  c: number;
  h: number;
}

const clamp = (value: number) => Math.min(1, Math.max(0, value));
const toGamma = (v: number) => (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055);

export function toHex({ r, g, b }: Rgb): string {
  const two = (v: number) =>
    Math.round(clamp(v) * 255)
      .toString(16)
      .padStart(2, "0");
  return `#${two(r)}${two(g)}${two(b)}`.toUpperCase();
}

function toOklch({ r, g, b }: Rgb): Oklch {
  const [lr, lg, lb] = [toLinear(r), toLinear(g), toLinear(b)];
  const l = Math.cbrt(0.4122214708 * lr + 0.5363325363 * lg + 0.0514459929 * lb);
  const m = Math.cbrt(0.2119034982 * lr + 0.6806995451 * lg + 0.1073969566 * lb);
  const s = Math.cbrt(0.0883024619 * lr + 0.2817188376 * lg + 0.6299787005 * lb);
  const okA = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  const okB = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
  return { l: 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, c: Math.hypot(okA, okB), h: Math.atan2(okB, okA) };
}

function fromOklch({ l, c, h }: Oklch): Rgb {
  const okA = c * Math.cos(h);
  const okB = c * Math.sin(h);
  const x = (l + 0.3963377774 * okA + 0.2158037573 * okB) ** 3;
  const y = (l - 0.1055613458 * okA - 0.0638541728 * okB) ** 3;
  const z = (l - 0.0894841775 * okA - 1.291485548 * okB) ** 3;
  return {
    r: toGamma(4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z),
    g: toGamma(-1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z),
    b: toGamma(-0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z),
    a: 1,
  };
}

const isInGamut = ({ r, g, b }: Rgb) => [r, g, b].every((v) => v >= -0.0005 && v <= 1.0005);

/** The colour at another OKLCH lightness; chroma is given up before the hue is. */
export function atLightness(color: Rgb, lightness: number): Rgb {
  const ok = toOklch(color);
  for (let c = ok.c; c > 0.002; c *= 0.92) {
    const rgb = fromOklch({ l: lightness, c, h: ok.h });
    if (isInGamut(rgb)) return { r: clamp(rgb.r), g: clamp(rgb.g), b: clamp(rgb.b), a: 1 };
  }
  const grey = fromOklch({ l: lightness, c: 0, h: 0 });
  return { r: clamp(grey.r), g: clamp(grey.g), b: clamp(grey.b), a: 1 };
}

export const lightnessOf = (color: Rgb) => toOklch(color).l;

/** `share` of `b` in `a`, mixed in OKLab. */
export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  const x = toOklch(a);
  const y = toOklch(b);
  const lerp = (p: number, q: number) => p + (q - p) * share;
  const okA = lerp(x.c * Math.cos(x.h), y.c * Math.cos(y.h));
  const okB = lerp(x.c * Math.sin(x.h), y.c * Math.sin(y.h));
  const rgb = fromOklch({ l: lerp(x.l, y.l), c: Math.hypot(okA, okB), h: Math.atan2(okB, okA) });
  return { r: clamp(rgb.r), g: clamp(rgb.g), b: clamp(rgb.b), a: 1 };
}

/**
 * The nearest lightness of `color` that reaches `floor` on every ground. Looks both ways and keeps the smaller change;
 * when neither white nor black would do (grounds of opposite lightness), the better of the two is returned.
 */
export function legible(color: Rgb, grounds: readonly Rgb[], floor: number): Rgb {
  const lowest = (c: Rgb) => Math.min(...grounds.map((ground) => contrast(rounded(c), rounded(ground))));
  if (lowest(color) >= floor) return color;
  const start = lightnessOf(color);
  for (let step = 0.005; step <= 1; step += 0.005) {
    const options = [start + step, start - step].filter((l) => l >= 0 && l <= 1).map((l) => atLightness(color, l));
    const fit = options.find((option) => lowest(option) >= floor);
    if (fit) return fit;
  }
  const ends = [atLightness(color, 1), atLightness(color, 0)] as const;
  return lowest(ends[0]) >= lowest(ends[1]) ? ends[0] : ends[1];
}

/** What is measured is what is shown: channels as eight bits. */
const rounded = (c: Rgb): Rgb => ({ r: Math.round(c.r * 255) / 255, g: Math.round(c.g * 255) / 255, b: Math.round(c.b * 255) / 255, a: 1 });
