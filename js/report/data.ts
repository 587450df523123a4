// What a report carries in itself, unpacked: named arrays of small whole numbers with a header, and the pictures in chunks that
// are decoded when one of their pictures is first shown. Written by emocam_widgets/widgets/report/.

interface Place {
  kind: "u1" | "u2" | "u4" | "f4";
  at: number;
  length: number;
}

const BYTES = { u1: 1, u2: 2, u4: 4, f4: 4 };

/** Thresholds are multiples of 1 / THRESHOLD_STEPS; an importance is stored as how many of them it is above. */
export const THRESHOLD_STEPS = 64_000;
export const UNIT_STEPS = 65_535;
export const NONE = 65_535;

/** A threshold as the number that stored importances are compared with: above it is `stored > code`. */
export const thresholdCode = (threshold: number): number => Math.round(threshold * THRESHOLD_STEPS);

/** A stored importance as a value 0..1, at most 1 / 64000 off. */
export const importanceOf = (code: number): number => (code === 0 ? 0 : Math.min(1, (code - 0.5) / THRESHOLD_STEPS));

/** One unpacked block: its header, and its arrays by name. */
export class Block<Header> {
  readonly header: Header;
  private readonly places: Record<string, Place>;
  private readonly data: Uint8Array;

  constructor(bytes: Uint8Array) {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    const { arrays, ...header } = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as { arrays: Record<string, Place> };
    this.header = header as Header;
    this.places = arrays;
    this.data = bytes.subarray(4 + length);
  }

  has(name: string): boolean {
    return name in this.places;
  }

  u1(name: string): Uint8Array {
    return this.bytes(name, "u1").slice();
  }

  u2(name: string): Uint16Array {
    return new Uint16Array(this.joined(name, "u2"));
  }

  u4(name: string): Uint32Array {
    return new Uint32Array(this.joined(name, "u4"));
  }

  f4(name: string): Float32Array {
    return new Float32Array(this.joined(name, "f4"));
  }

  private bytes(name: string, kind: Place["kind"]): Uint8Array {
    const place = this.places[name];
    if (place?.kind !== kind) throw new Error(`This report holds no numbers called ${name}.`);
    return this.data.subarray(place.at, place.at + place.length * BYTES[kind]);
  }

  /** The bytes of one significance lie together: puts each number's own side by side again. */
  private joined(name: string, kind: Place["kind"]): ArrayBuffer {
    const planes = this.bytes(name, kind);
    const { length } = this.places[name];
    const width = BYTES[kind];
    const out = new Uint8Array(planes.length);
    for (let plane = 0; plane < width; plane++) {
      const from = plane * length;
      for (let i = 0; i < length; i++) out[i * width + plane] = planes[from + i];
    }
    return out.buffer;
  }
}

export async function unpack<Header>(packed: Uint8Array): Promise<Block<Header>> {
  const stream = new Blob([packed as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Block<Header>(new Uint8Array(await new Response(stream).arrayBuffer()));
}

export function fromBase64(text: string): Uint8Array {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

/** The bytes that the page holds under a name; its text is dropped from the page, since it is needed only once. */
export function embedded(name: string): Uint8Array {
  const element = document.getElementById(`emocam-${name}`);
  if (element === null) throw new Error(`This report is not whole: ${name} is missing.`);
  const bytes = fromBase64(element.textContent ?? "");
  element.remove();
  return bytes;
}

/** The stored pictures by the position of their image. */
export class Pictures {
  private readonly chunks = new Map<number, Uint8Array>();
  private readonly places: Map<number, [chunk: number, at: number, length: number]>;

  constructor(
    places: [position: number, chunk: number, at: number, length: number][],
    private readonly unreadable: Record<string, string>,
    private readonly noRoom: string,
    private readonly read: (name: string) => Uint8Array = embedded,
  ) {
    this.places = new Map(places.map(([position, ...place]) => [position, place]));
  }

  get size(): number {
    return this.places.size;
  }

  has(position: number): boolean {
    return this.places.has(position);
  }

  /** Why the picture of an image is not here. */
  reason(position: number): string | null {
    return this.has(position) ? null : (this.unreadable[position] ?? this.noRoom);
  }

  /** WebP bytes; none where there is no picture. */
  bytes(position: number): Uint8Array {
    const place = this.places.get(position);
    if (place === undefined) return new Uint8Array(0);
    const [chunk, at, length] = place;
    let bytes = this.chunks.get(chunk);
    if (bytes === undefined) this.chunks.set(chunk, (bytes = this.read(`pictures-${chunk}`)));
    return bytes.subarray(at, at + length);
  }
}
