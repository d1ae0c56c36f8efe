/** Recording from the microphone. */

export class Recorder {
  recording = $state(false);
  seconds = $state(0);
  #recorder: MediaRecorder | null = null;
  #parts: Blob[] = [];
  #timer = 0;

  async start(): Promise<void> {
    let stream: MediaStream;
    try {
      // What makes speech clear takes music for noise.
      const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      stream = await navigator.mediaDevices.getUserMedia({ audio });
    } catch {
      throw new Error("The browser gives no microphone: allow it for this page, or connect one, then record again.");
    }
    this.#parts = [];
    this.#recorder = new MediaRecorder(stream);
    this.#recorder.addEventListener("dataavailable", ({ data }) => this.#parts.push(data));
    this.#recorder.start();
    const began = performance.now();
    this.#timer = window.setInterval(() => (this.seconds = (performance.now() - began) / 1000), 200);
    this.seconds = 0;
    this.recording = true;
  }

  /** End the recording and return it as a file, named after the time. */
  async stop(): Promise<File> {
    const recorder = this.#recorder;
    if (!recorder) throw new Error("Nothing was recorded: press Record first.");
    await new Promise((resolve) => {
      recorder.addEventListener("stop", resolve, { once: true });
      this.cancel();
    });
    const type = recorder.mimeType.split(";")[0] ?? "";
    const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
    return new File(this.#parts, `Recording ${time}.${type.split("/")[1] ?? "webm"}`, { type });
  }

  /** End the recording, and give the microphone back. */
  cancel(): void {
    window.clearInterval(this.#timer);
    this.recording = false;
    if (this.#recorder?.state === "recording") this.#recorder.stop();
    for (const track of this.#recorder?.stream.getTracks() ?? []) track.stop();
    this.#recorder = null;
  }
}
