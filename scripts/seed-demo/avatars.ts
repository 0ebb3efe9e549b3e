import { createAvatarRenderer } from "../../apps/server/src/features/accounts/users/avatar-picture.ts";
import sharp from "sharp";
import { createRandom } from "./random.ts";

const grounds = ["#e4d5c3", "#c9dbd3", "#d6d3e6", "#efd2c4", "#cfdbe8", "#e7dfb9"] as const;
const skins = ["#f1c9a5", "#d99e73", "#a86b45", "#7a4a2e", "#f6d7bd"] as const;
const hairs = ["#2b211b", "#5c3b22", "#a5702f", "#8b8680", "#b5482f", "#17191f"] as const;
const shirts = ["#c26904", "#1a5998", "#126635", "#5b4b8a", "#46413e", "#ac2724"] as const;

/** A drawn face: 256 pixels wide, the same for the same name. */
function drawing(name: string): string {
  const random = createRandom(`avatar ${name}`);
  const [ground, skin, hair, shirt] = [random.pick(grounds), random.pick(skins), random.pick(hairs), random.pick(shirts)];
  const isLong = random.chance(0.45);
  const hasBeard = !isLong && random.chance(0.3);
  const hasGlasses = random.chance(0.3);
  const long = isLong ? `<path d="M72 112c0-46 24-70 56-70s56 24 56 70v64c0 14-16 18-28 10H100c-12 8-28 4-28-10z" fill="${hair}"/>` : "";
  const beard = hasBeard ? `<path d="M86 128c4 40 22 52 42 52s38-12 42-52c-10 14-24 20-42 20s-32-6-42-20z" fill="${hair}"/>` : "";
  const glasses = hasGlasses
    ? `<g fill="none" stroke="#1f1b18" stroke-width="4"><circle cx="109" cy="117" r="14"/><circle cx="147" cy="117" r="14"/><path d="M123 117h10"/></g>`
    : "";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256" viewBox="0 0 256 256"><rect width="256" height="256" fill="${ground}"/>${long}<path d="M44 256c0-46 36-66 84-66s84 20 84 66z" fill="${shirt}"/><rect x="110" y="158" width="36" height="46" rx="16" fill="${skin}"/><ellipse cx="128" cy="120" rx="43" ry="50" fill="${skin}"/>${beard}<path d="M84 112c-2-40 18-60 46-60s46 18 43 60c-8-20-18-30-34-32-20 4-42 8-55 32z" fill="${hair}"/><circle cx="110" cy="118" r="4.5" fill="#1f1b18"/><circle cx="146" cy="118" r="4.5" fill="#1f1b18"/>${glasses}<path d="M112 146c8 8 24 8 32 0" fill="none" stroke="#1f1b18" stroke-width="4" stroke-linecap="round"/></svg>`;
}

/** The pictures of these people, stored as an uploaded one would be. */
export async function drawAvatars(names: readonly string[]): Promise<Map<string, { version: string; webp: Buffer }>> {
  const render = createAvatarRenderer();
  const pictures = new Map<string, { version: string; webp: Buffer }>();
  for (const name of names)
    pictures.set(
      name,
      await render(
        await sharp(Buffer.from(drawing(name)))
          .png()
          .toBuffer(),
      ),
    );
  return pictures;
}
