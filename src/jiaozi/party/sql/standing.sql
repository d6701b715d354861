-- What a person may be now, oldest first, with all that the frame of a page says of it. Every page asks this.
SELECT m.*, o.name AS organisation_name, d.name AS person_name,
       ARRAY(SELECT f.id FROM mfa_authenticator f WHERE f.user_id = m.person_id) AS factors,
       EXISTS (SELECT FROM mfa_authenticator f WHERE f.user_id = m.person_id AND f.type = ANY (%(kinds)s)) AS has_factor
  FROM party_membership m
  JOIN party_person p ON p.id = m.person_id AND p.is_active
  LEFT JOIN party_person_details d ON d.person_id = m.person_id
  LEFT JOIN party_organisation o ON o.id = m.organisation_id
 WHERE m.person_id = %(person)s AND m.since_at <= %(now)s AND (m.until_at IS NULL OR m.until_at > %(now)s)
   AND (m.ended_at IS NULL OR m.ended_at > %(now)s)
 ORDER BY m.id LIMIT %(most)s
