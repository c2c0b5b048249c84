"""What the service counts, in Prometheus' form. Nothing in it is about one picture or person."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280)


class Metrics:
    """The counters of one service."""

    def __init__(self) -> None:
        self._all = CollectorRegistry()
        self.jobs = Counter(
            "glassine_jobs", "Jobs by how they ended.", ("outcome",), registry=self._all
        )
        self.refused = Counter(
            "glassine_refused", "Requests refused, by HTTP status.", ("status",), registry=self._all
        )
        self.waiting = Gauge("glassine_jobs_waiting", "Jobs that wait.", registry=self._all)
        self.working = Gauge("glassine_jobs_working", "Jobs worked on now.", registry=self._all)
        self.seconds = Histogram(
            "glassine_job_seconds", "Time spent on one job.", buckets=_SECONDS, registry=self._all
        )
        self.pixels = Counter("glassine_pixels", "Pixels protected.", registry=self._all)
        self.bytes = Counter(
            "glassine_upload_bytes", "Bytes of pictures taken.", registry=self._all
        )
        self.workers_lost = Counter(
            "glassine_workers_lost", "Workers that died.", registry=self._all
        )

    def ended(self, outcome: str, seconds: float, pixels: int) -> None:
        self.jobs.labels(outcome).inc()
        self.seconds.observe(seconds)
        if outcome == "done":
            self.pixels.inc(pixels)

    def lost(self) -> None:
        self.workers_lost.inc()

    def text(self, waiting: int, working: int) -> bytes:
        self.waiting.set(waiting)
        self.working.set(working)
        return generate_latest(self._all)
