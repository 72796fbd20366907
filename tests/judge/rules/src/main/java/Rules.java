import com.helger.diver.api.coord.DVRCoordinate;
import com.helger.phive.api.execute.ValidationExecutionManager;
import com.helger.phive.api.executorset.ValidationExecutorSetRegistry;
import com.helger.phive.api.validity.IValidityDeterminator;
import com.helger.phive.en16931.EN16931Validation;
import com.helger.phive.peppol.PeppolValidation;
import com.helger.phive.peppol.PeppolValidation2026_05;
import com.helger.phive.xml.source.IValidationSourceXML;
import com.helger.phive.xml.source.ValidationSourceXML;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;

/** Prints for each XML of a folder and each judge: file, judge, and the findings, parted by tabs. */
public final class Rules {
    private static final ValidationExecutorSetRegistry<IValidationSourceXML> SETS = new ValidationExecutorSetRegistry<>();

    public static void main(String[] arguments) throws Exception {
        EN16931Validation.initEN16931(SETS);
        PeppolValidation.initStandard(SETS);
        var documents = DocumentBuilderFactory.newInstance();
        documents.setNamespaceAware(true);
        try (Stream<Path> all = Files.list(Path.of(arguments[0]))) {
            for (Path file : all.filter(each -> each.toString().endsWith(".xml")).sorted().toList()) {
                judge(file, documents.newDocumentBuilder().parse(file.toFile()));
            }
        }
    }

    private static void judge(Path file, Document document) {
        for (var each : judges(document).entrySet()) {
            var result = ValidationExecutionManager.executeValidation(
                    IValidityDeterminator.createDefault(),
                    SETS.getOfID(each.getValue()),
                    ValidationSourceXML.create(file.toString(), document));
            var line = new StringBuilder(file.getFileName() + "\t" + each.getKey());
            for (var error : result.getAllErrors()) {
                line.append('\t').append((error.getErrorID() + ": " + error.getErrorText(Locale.ROOT)).replaceAll("\\s+", " "));
            }
            System.out.println(line);
        }
    }

    /** The sets of rules that a document says it follows, by the names of their judges. */
    private static Map<String, DVRCoordinate> judges(Document document) {
        var root = document.getDocumentElement();
        if (root.getLocalName().equals("CrossIndustryInvoice")) {
            return Map.of("EN 16931", EN16931Validation.VID_CII_1316);
        }
        var customization = root.getElementsByTagNameNS("*", "CustomizationID").item(0).getTextContent();
        boolean credit = root.getLocalName().equals("CreditNote");
        var found = new LinkedHashMap<String, DVRCoordinate>();
        found.put("EN 16931", credit ? EN16931Validation.VID_UBL_CREDIT_NOTE_1316 : EN16931Validation.VID_UBL_INVOICE_1316);
        if (customization.contains("peppol")) {
            found.put("Peppol BIS", credit ? PeppolValidation2026_05.VID_OPENPEPPOL_CREDIT_NOTE_UBL_V3 : PeppolValidation2026_05.VID_OPENPEPPOL_INVOICE_UBL_V3);
        }
        return found;
    }
}
