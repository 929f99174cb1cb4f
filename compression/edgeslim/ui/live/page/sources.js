// Where pictures come from: the gallery, a file of the visitor, or the camera. None of them leaves the browser.

/** A picture of the server or a file, as a bitmap. */
async function bitmapOf(source) {
  const blob = typeof source === "string" ? await (await fetch(new URL(source, location.origin))).blob() : source;
  return createImageBitmap(blob);
}

class Camera {
  constructor() {
    this.video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
  }

  /** A camera needs a page that came by HTTPS, or from this very machine. */
  static get possible() {
    return Boolean(navigator.mediaDevices?.getUserMedia);
  }

  async open() {
    const wanted = { video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } } };
    this.stream = await navigator.mediaDevices.getUserMedia(wanted);
    this.video.srcObject = this.stream;
    await this.video.play();
  }

  frame() {
    return createImageBitmap(this.video);
  }

  close() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }
}
