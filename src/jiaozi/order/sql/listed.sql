-- A holder's latest orders, with what a list shows of each.
SELECT o.id, o.programme, o.holder_id, o.centre_id, o.title, o.units, o.quoted_at, o.state, o.most_fen, o.price_fen, o.voucher_fen,
       o.own_fen, o.reason_code, o.reason_zh, o.reason_en, h.name, c.name_zh, c.name_en, r.name_zh, r.name_en
  FROM compute_order o
  JOIN party_organisation h ON h.id = o.holder_id
  JOIN catalogue_centre c ON c.id = o.centre_id
  JOIN catalogue_resourceclass r ON r.code = o.resource_class_id
 WHERE o.programme = %(programme)s AND o.holder_id = %(holder)s
 ORDER BY o.quoted_at DESC, o.id DESC LIMIT %(most)s
