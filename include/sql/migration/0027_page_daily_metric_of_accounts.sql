-- The comments of the days of an integration hold for an Instagram account too; what its numbers are differs in places.
comment on table analytics.page_daily_metric is
    'One Page or account on one Pacific date: its own insights of that day alone. May be summed, but for followers, reach and engaged_accounts.';
comment on column analytics.page_daily_metric.organization_id is 'Whose Page or account it is.';
comment on column analytics.page_daily_metric.integration_id is 'The Page or account: see analytics.integration.';
comment on column analytics.page_daily_metric.followers is 'People who follow it, at the end of the date.';
comment on column analytics.page_daily_metric.follows is 'People who began to follow it on that date.';
comment on column analytics.page_daily_metric.unfollows is 'People who ceased to follow it on that date.';
comment on column analytics.page_daily_metric.impressions is 'Times that its content was shown on that date.';
comment on column analytics.page_daily_metric.reach is
    'Unique people who saw its content on that date; does not add up over days, nor over Pages and accounts.';
comment on column analytics.page_daily_metric.engagements is
    'Of a Page, reactions, comments, shares and clicks on that date; of an account, likes, comments, saves, shares and replies.';
comment on column analytics.page_daily_metric.page_views is 'Views of the Page itself on that date; NULL for an account.';
comment on column analytics.page_daily_metric.video_views is 'Plays of the Page''s videos on that date; NULL for an account.';
comment on column analytics.page_daily_metric.actions is
    'Clicks on the Page''s contact and call-to-action buttons, or taps on the links of the account''s profile, on that date.';
comment on column analytics.page_daily_metric.engaged_accounts is
    'Unique accounts that interacted with its content on that date; does not add up over days. NULL for a Page.';
comment on table analytics.integration is 'One tracked Page or account of one organization. Written by people.';
comment on table analytics.earlier_value is
    'Values of a day of a Page, account or video that Meta has corrected or completed since. As a table of an instant: page_daily_as_known.';
comment on column analytics.earlier_value.integration_id is 'The Page or account: see analytics.integration.';
comment on column analytics.earlier_value.external_content_id is
    'The video: see analytics.content; NULL for a day of a Page or account.';
