/**
 * Bytes whose numbers are read and written through a view: a short process pays for what V8 compiles, and that puts the
 * whole body of each `Buffer.readUInt32LE` into its caller. To compile what reads headers took a tenth of the time of unpacking 6,500 files.
 */
export interface ViewedBytes {
  readonly bytes: Buffer
  readonly view: DataView
}

export function viewed(bytes: Buffer): ViewedBytes {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) }
}

export function u16(view: DataView, at: number): number {
  return view.getUint16(at, true)
}

export function u32(view: DataView, at: number): number {
  return view.getUint32(at, true)
}

export function setU16(view: DataView, at: number, value: number): void {
  view.setUint16(at, value, true)
}

export function setU32(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true)
}
