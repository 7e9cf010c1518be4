"""The words that say what the number after them is, in the languages of the regions."""

from __future__ import annotations

# A word of two has "_" between them. The longest that stands there counts: "gift card" before "card".
INTRODUCERS = {
    "order": (
        "order orders po tracking track parcel shipment waybill awb consignment invoice invoices receipt "
        "ticket tickets case_number case_no case_id ref reference booking reservation confirmation "
        "transaction txn serial sn s/n imei isbn isbn-10 isbn-13 ean upc gtin asin sku item product article "
        "batch lot build version firmware rma coupon code voucher gift_card sim_card loyalty_card "
        "membership_card library_card member membership customer policy contract claim flight model 订单 訂單 "
        "单号 單號 运单 運單 快递 快遞 快递单 快遞單 物流 包裹 发票 發票 工单 工單 票号 票號 流水 交易 退款 "
        "退款单 货号 貨號 商品 编号 編號 编码 編碼 条码 條碼 序列 序號 型号 型號 版本 批号 批號 合同 保单 "
        "保單 会员 會員 会员卡 會員卡 礼品卡 禮品卡 储值卡 购物卡 客户号 券码 优惠码 兑换码 验证码 驗證碼 "
        "航班 车次 案件 受理 申请 申請 税号 稅號 统编 統編 统一编号 統一編號 信用代码 邮编 郵編 郵遞區號"
    ),
    "phone": (
        "phone telephone tel téléphone telefono teléfono telefon mobile cell cellphone handy portable móvil "
        "call text sms whatsapp viber fax contact reach ring dial hotline helpline landline my_number "
        "old_number new_number rufnummer 电话 電話 手机 手機 联系方式 聯絡 聯繫 联系 联络 致电 致電 拨打 撥打 "
        "打 来电 來電 传真 傳真 座机 座機 短信 简讯 簡訊 微信 热线 熱線 专线 專線 市话 市話"
    ),
    "passport": (
        "passport reisepass passeport pasaporte passaporto 护照 護照 台胞证 台胞證 回乡证 回鄉證 通行证 通行證"
    ),
    "identity": (
        "ssn social social_security national_id national_identity national_insurance nino ni identity_card "
        "id_card hkid steuer-id steuerid steueridentifikationsnummer idnr tax_id taxpayer_id itin dni nie nif "
        "codice_fiscale nir numéro_de_sécu numéro_de_sécurité_sociale 身份证 身份證 身分證 身分证 证件 證件 "
        "居留證 居留证 統一證號"
    ),
    "card": (
        "card visa mastercard master_card amex american_express unionpay union_pay maestro discover jcb 卡号 "
        "卡號 信用卡 银行卡 銀行卡 储蓄卡 儲蓄卡 借记卡 金融卡 提款卡 工资卡 银联"
    ),
}
KIND = {word.replace("_", " "): kind for kind, words in INTRODUCERS.items() for word in words.split()}
# What may stand between the word and its number: "phone number is: ", 卡号是.
LINKS = (
    "number numbers num no nr id is are was at on me us my the this to via 号码 號碼 号 號 碼 码 卡号 "
    "卡號 编号 編號 字號 是 为 為 的 我 叫 请 請 有 在 给 給"
)
