"""Imported by each service of Airflow as it starts: what a task of the DAG imports, so that it need not do so itself.

A task runs in a process that its executor forks, and has all that the executor has imported: that is most of its CPU.
The package is among it, so restart the services after you upgrade it; a container is replaced anyway. The file belongs
into a folder of Python's path, such as `config` of AIRFLOW_HOME, and sets nothing.
"""

import meta_insights.ingest
import meta_insights.preload
import meta_insights.run.params
import meta_insights.tasks

meta_insights.preload.load()

__all__: list[str] = []
