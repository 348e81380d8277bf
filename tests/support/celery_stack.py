"""A local stack whose tasks run in Celery workers, which take them from a redis of this machine."""

from __future__ import annotations

import shutil
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

from local_stack.settings import HOST, StackError, choose_port, write_private
from local_stack.stack import LocalStack

if TYPE_CHECKING:
    from pathlib import Path


class CeleryStack(LocalStack):
    """A local Airflow with so many Celery workers, `worker-1` and on."""

    def __init__(self, home: Path, env: dict[str, str], *, workers: int, **options: Any) -> None:
        super().__init__(home, env, **options)
        self._workers = [f"worker-{number}" for number in range(1, workers + 1)]
        self._redis_port = choose_port()

    @cached_property
    def environment(self) -> dict[str, str]:
        redis = f"redis://:{self.credentials.redis_password}@{HOST}:{self._redis_port}/0"
        return super().environment | {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__PARALLELISM": "16",
            "AIRFLOW__CELERY__BROKER_URL": redis,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{self.postgres.dsn('airflow')}",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": "4",
            # What a killed worker had taken and not begun is queued again after a minute, not after ten.
            "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "60",
            "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
        }

    def commands(self) -> dict[str, list[str]]:
        program = shutil.which("redis-server")
        if program is None:
            raise StackError("Celery workers need redis-server: apt-get install redis-server")
        settings = self.layout.home / "redis.conf"
        server = f"bind {HOST}\nport {self._redis_port}\ndir {self.layout.home}\n"
        write_private(settings, f'{server}requirepass {self.credentials.redis_password}\nsave ""\nappendonly no\n')
        commands = {"redis": [program, str(settings)], **super().commands()}
        worker = [sys.executable, "-m", "airflow", "celery", "worker", "--skip-serve-logs", "--celery-hostname"]
        for name in self._workers:
            commands[name] = [*worker, name, "--pid", str(self.layout.airflow / f"{name}.pid")]
        return commands
