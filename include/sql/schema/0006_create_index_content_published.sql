-- The look-back of one integration, and the newest content of an organization.
create index content_published on analytics.content (organization_id, integration_id, published_at)
