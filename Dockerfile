# The official image, the wheel and dags/. Other packages keep the image's own versions.
FROM apache/airflow:3.3.2-python3.11 AS wheel

COPY --chown=airflow:0 pyproject.toml hatch_build.py README.md LICENSE /build/
COPY --chown=airflow:0 plugins/meta_insights /build/plugins/meta_insights
COPY --chown=airflow:0 include/sql /build/include/sql
RUN pip install --no-cache-dir hatchling==1.33.0 vl-convert-python==1.9.0.post1 \
    && pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /tmp/wheel /build


FROM apache/airflow:3.3.2-python3.11 AS airflow

COPY --from=wheel /tmp/wheel /tmp/wheel
# The tested versions. Airflow is named so that nothing here can move it.
RUN pip install --no-cache-dir \
    apache-airflow==3.3.2 \
    apache-airflow-providers-postgres==7.1.1 \
    fastapi==0.136.3 \
    jinja2==3.1.6 \
    msgspec==0.22.0 \
    psycopg[binary]==3.3.9 \
    pydantic==2.14.3 \
    pyyaml==6.0.3 \
    requests==2.34.2 \
    rich==15.0.0 \
    structlog==26.1.0 \
    tenacity==9.2.1 \
    urllib3==2.8.0 \
    /tmp/wheel/*.whl
COPY --chown=airflow:0 dags /opt/airflow/dags
COPY --chown=airflow:0 include/docker/airflow_local_settings.py /opt/airflow/config/

# A volume mounted here begins with this folder's owner.
RUN mkdir --mode=0700 /opt/airflow/auth


# For the compose profile "sandbox": a local Graph API, and the program that registers its Pages.
FROM airflow AS sandbox

RUN pip install --no-cache-dir python-dotenv==1.2.4
COPY --chown=airflow:0 include/graph_sandbox /opt/sandbox/graph_sandbox
COPY --chown=airflow:0 include/local_stack /opt/sandbox/local_stack
ENV PYTHONPATH=/opt/sandbox


# Last, so that a build without a target has no development code.
FROM airflow
